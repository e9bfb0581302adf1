"""The application's part of ASGI's lifespan protocol."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import Receive, Send

from mockserver.saved_state import StateNotSaved

#: What is done at the start, or at the end.
Step = Callable[[], Coroutine[Any, Any, None]]


async def live(startup: Step, shutdown: Step, receive: Receive, send: Send, *, stopping: asyncio.Event | None) -> None:
    """Start and stop as the server says, and tell it what came of each.

    `stopping` is set when the process is to end, which also ends a start that takes long.
    """
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await _start(startup, stopping)
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
        else:
            try:
                await shutdown()
            except StateNotSaved as error:
                await send({"type": "lifespan.shutdown.failed", "message": str(error)})
                return
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _start(startup: Step, stopping: asyncio.Event | None) -> None:
    """Start, or leave off in the midst once the process is to end; what was begun is then never saved."""
    if stopping is None:
        await startup()
        return
    starting = asyncio.ensure_future(startup())
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
    finally:
        for task in (starting, stop):
            task.cancel()
        await asyncio.gather(starting, stop, return_exceptions=True)

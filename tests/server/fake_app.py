"""A tiny ASGI application with our app's interface, which misbehaves as the path of a request says."""

import asyncio
import json
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from mockserver.http.heads import REFUSED


class FakeApp:
    """`/stream` and `/hang` never end, `/continue` wants its body; anything else tells what arrived."""

    def __init__(self, *, fails_to_start: bool = False, hangs_at_stop: bool = False) -> None:
        self.fails_to_start = fails_to_start
        self.hangs_at_stop = hangs_at_stop
        self.stopped = False

    def describe(self) -> list[tuple[str, str]]:
        return [("acme", "/api.acme.example/v1"), ("globex", "/globex.example")]

    def credentials(self) -> dict[str, list[str]]:
        return {"acme": ["acme-demo", "acme-poor"], "globex": ["globex-key / globex-secret"]}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] == "/hang":
            await asyncio.Event().wait()
        elif scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await asyncio.Event().wait()
        else:
            await _tell(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self.fails_to_start:
            await send({"type": "lifespan.startup.failed", "message": "no room in the inn"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.hangs_at_stop:
            await asyncio.Event().wait()
        self.stopped = True
        print("application stopped", flush=True)
        await send({"type": "lifespan.shutdown.complete"})


async def _tell(scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    more = True
    while more:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    refusal = scope.get(REFUSED)
    told: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": [name.decode("latin-1") for name, _ in scope["headers"]],
        "header_bytes": sum(len(value) for _, value in scope["headers"]),
        "body": body.decode("latin-1"),
        "refused": type(refusal).__name__ if refusal is not None else None,
    }
    answer = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})

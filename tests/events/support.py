"""A reader of the event stream in process: it gets each frame as soon as it is sent, which httpx's transport cannot."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

from starlette.types import ASGIApp, Message

from mockserver.app import App

Data = dict[str, Any]


class Stream:
    """An answer without an end. Use as an async context manager; `frame` waits for the next frame."""

    def __init__(
        self, app: ASGIApp, path: str, *, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> None:
        path, _, query = path.partition("?")
        given = {"host": "localhost", **(headers or {})}
        self._app = app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "server": ("localhost", 7460),
            "client": ("127.0.0.1", 1),
        }
        self._asked = False
        self._gone = asyncio.Event()
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._begun = asyncio.Event()
        self._text = ""
        self._readable = asyncio.Event()
        self._readable.set()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.comments: list[str] = []
        self.text = ""
        """Everything that was read so far."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._run())
        await self._begun.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        await self._task

    def leave(self) -> None:
        """Go, as a client does that closes its connection."""
        self._gone.set()
        self._readable.set()

    def pause(self) -> None:
        """Read nothing for now: whoever sends has to wait."""
        self._readable.clear()

    def go_on(self) -> None:
        """Read again."""
        self._readable.set()

    async def raw(self) -> str | None:
        """The text up to the next blank line; None at the end."""
        while "\n\n" not in self._text:
            part = await self._parts.get()
            if part is None:
                return None
            self._text += part.decode()
        frame, _, self._text = self._text.partition("\n\n")
        self.text += f"{frame}\n\n"
        return frame

    async def frame(self) -> dict[str, str] | None:
        """The fields of the next frame that is no comment; None at the end."""
        while (text := await self.raw()) is not None:
            lines = text.split("\n")
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            self.comments += [line for line in lines if line.startswith(":")]
            if fields:
                return fields
        return None

    async def next(self) -> Data:
        """The data of the next event."""
        frame = await self.frame()
        assert frame is not None, "the stream has ended"
        data: Data = json.loads(frame["data"])
        assert frame["event"] == data.get("type", "lost")
        assert frame.get("id", "none") == str(data.get("id", "none"))
        return data

    async def until(self, kind: str, **members: Any) -> list[Data]:
        """The events up to the first of this type with these members, and that one."""
        events: list[Data] = []
        while True:
            events.append(await self.next())
            one = events[-1]
            if one.get("type") == kind and all(one.get(name) == value for name, value in members.items()):
                return events

    async def rest(self) -> list[Data]:
        """The events up to the end of the stream."""
        events: list[Data] = []
        while (frame := await self.frame()) is not None:
            events.append(json.loads(frame["data"]))
        return events

    async def body(self) -> Any:
        """The JSON of an answer that does end."""
        await self._task
        text = b""
        while (part := await self._parts.get()) is not None:
            text += part
        return json.loads(text)

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self._begun.set()
            self._parts.put_nowait(None)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self._parts.put_nowait(message.get("body", b""))
        self._begun.set()
        await self._readable.wait()


async def all_told(app: App) -> str:
    """The text of all events so far that are kept."""
    newest = app.shared.feed.newest
    async with Stream(app, "/_mock/events?since=0&sandbox=*") as stream:
        while True:
            frame = await stream.raw()
            assert frame is not None, "the newest event did not come"
            if f"id: {newest}\n" in frame:
                return stream.text

"""`GET /_mock/events`: what happens, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

from mockserver.control.operation import Answer, ControlCall, Operation
from mockserver.control.problems import Problem
from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import suggestion
from mockserver.events.facts import TYPES
from mockserver.events.feed import Feed, TooManyReaders
from mockserver.events.reader import MOST_WAITING, Reader, Wanted
from mockserver.events.wording import lost_frame

#: How many events one part of the stream holds at most.
_AT_ONCE = 64
#: The header of the answer with the id of the newest event when the stream began.
NEWEST = "X-Mock-Event-Id"
_HEADERS = (("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"))


class EventStream:
    """The frames of one reader, until it ends or leaves."""

    def __init__(self, feed: Feed, wanted: Wanted, *, since: int | None) -> None:
        """Begin to read; raises TooManyReaders."""
        self._feed = feed
        self._news = asyncio.Event()
        self._reader: Reader = feed.open(wanted, self._news.set, since=since)

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield a comment at once, then frames as things happen, and a comment with each heartbeat."""
        reader, feed, news = self._reader, self._feed, self._news
        yield b": the events of mockserver\n\n"
        while not reader.left:
            news.clear()
            lost, events = reader.take(_AT_ONCE)
            if lost or events:
                frames = [lost_frame(lost)] if lost else []
                yield b"".join([*frames, *map(feed.frame, events)])
                # A reader that begins with thousands of events does not hold up requests meanwhile.
                await asyncio.sleep(0)
            elif reader.ended:
                return
            else:
                if reader.beaten:
                    reader.beaten = False
                    yield b": still here\n\n"
                await news.wait()

    def leave(self) -> None:
        """Forget the reader."""
        self._feed.close(self._reader)
        self._news.set()


async def follow(call: ControlCall) -> Answer:
    """Follow the events of this sandbox, or of all, from now on or from an id on; they come while they happen."""
    sandbox = _sandbox(call)
    wanted = Wanted(sandbox, _types(call))
    since = _since(call)
    if sandbox is not None:
        await call.sandbox()
    feed = call.server.feed
    newest = feed.newest
    try:
        stream = EventStream(feed, wanted, since=since)
    except TooManyReaders as error:
        raise Problem(429, str(error), headers={"retry-after": "5"}) from None
    headers = (*_HEADERS, (NEWEST, str(newest)))
    return Answer(None, media="text/event-stream", headers=headers, stream=stream)


def _sandbox(call: ControlCall) -> str | None:
    """Return the name of the sandbox to follow, None for all; raises Invalid."""
    name = call.query.get("sandbox")
    if name not in (None, "*"):
        raise Invalid({"sandbox": [f"must be * for all of them, or left out: {name[:100]!r} (/~NAME is one's path)"]})
    return None if name == "*" else call.name


def _types(call: ControlCall) -> frozenset[str] | None:
    """Return the types to follow, None for all; raises Invalid."""
    text = call.query.get("types")
    if text is None:
        return None
    names = text.split(",")
    for name in names:
        if name not in TYPES:
            raise Invalid({"types": [f"unknown type: {name[:100]!r} ({suggestion(name, TYPES)})"]})
    return frozenset(names)


def _since(call: ControlCall) -> int | None:
    """Return the id after which to go on, None to begin with new events; raises Invalid.

    `Last-Event-ID` comes first: a browser that connects anew adds it to the URL of the first time.
    """
    header = call.headers.get("last-event-id")
    name, text = ("Last-Event-ID", header) if header else ("since", call.query.get("since"))
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise Invalid({name: [f"must be the id of an event, a whole number: {text[:100]!r}"]})
    return int(text)


OPERATIONS = (
    Operation(
        "GET",
        "/events",
        follow,
        name="events",
        summary="What happens, as server-sent events",
        query={
            "since": "go on after the event of this id, as Last-Event-ID does; without either only new events come",
            "types": f"only events of these types, joined by commas: {', '.join(TYPES)}",
            "sandbox": f"* for the events of all sandboxes; at most {MOST_WAITING:,} events wait for a slow reader",
        },
        produces=("text/event-stream",),
        endless=True,
    ),
)

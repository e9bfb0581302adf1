"""`/_mock/inbox/{name}`: a webhook receiver for tests that have none."""

import asyncio
import base64
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mockserver.control.operation import (
    Answer,
    ControlCall,
    Operation,
    list_of,
    object_schema,
    shown_json,
    whole_query,
)
from mockserver.domain.mistakes import Invalid
from mockserver.domain.moments import moment_text, parse_span
from mockserver.journal.redact import HIDDEN
from mockserver.sandbox.sandbox import Sandbox

#: How many messages one inbox keeps, and how many inboxes a sandbox has; the oldest go first.
MOST_RECEIVED = 1_000
MOST_INBOXES = 1_000
#: How many bytes of bodies one inbox keeps; the newest message always stays.
MOST_BYTES = 16 * 1024 * 1024
_LONGEST_DELAY = timedelta(minutes=1)


@dataclass(slots=True)
class Inbox:
    """What arrived, and how to answer: `status` after `delay` of real time."""

    status: int = 200
    delay: timedelta = timedelta()
    received: list[dict[str, Any]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    sizes: deque[int] = field(default_factory=deque)
    """The length of each body received."""
    held: int = 0

    def keep(self, message: dict[str, Any], size: int) -> None:
        """Take a message whose body has `size` bytes, and forget the oldest where there are too many."""
        self.received.append(message)
        self.sizes.append(size)
        self.held += size
        while len(self.received) > MOST_RECEIVED or (self.held > MOST_BYTES and len(self.received) > 1):
            del self.received[0]
            self.held -= self.sizes.popleft()
        self.arrived.set()


def inbox_of(sandbox: Sandbox, name: str) -> Inbox:
    """The inbox of this name, made on first use."""
    found: Inbox | None = sandbox.inbox.get(name)
    if found is None:
        found = sandbox.inbox[name] = Inbox()
        while len(sandbox.inbox) > MOST_INBOXES:
            del sandbox.inbox[next(iter(sandbox.inbox))]
    return found


async def receive(call: ControlCall) -> Answer:
    """Take a message in, and answer as told."""
    sandbox = await call.sandbox()
    inbox = inbox_of(sandbox, call.path_fields["name"])
    raw = _without_token(call, call.raw)
    message = {
        "at": moment_text(sandbox.state.clock.now()),
        "method": call.method,
        "path": call.path,
        "query": _without_token(call, call.query_text.encode("latin-1")).decode("latin-1"),
        "headers": {name: _shown_header(call, name, value) for name, value in call.headers.items()},
        "body": raw.decode("utf-8", "replace"),
        "json": shown_json(raw),
    }
    inbox.keep(message, len(call.raw))
    if inbox.delay:
        await asyncio.sleep(inbox.delay.total_seconds())
    return Answer({"received": True}, status=inbox.status)


async def show(call: ControlCall) -> Answer:
    """What arrived, oldest first; with `wait`, until `count` (1) messages are there or the time is up."""
    sandbox = await call.sandbox()
    inbox = inbox_of(sandbox, call.path_fields["name"])
    if "wait" in call.query:
        wanted = whole_query(call, "count", default=1, most=MOST_RECEIVED)
        await _wait(inbox, wanted, _span("wait", call.query["wait"]))
    return Answer({"received": inbox.received})


async def empty(call: ControlCall) -> Answer:
    """Forget what arrived, and how to answer."""
    (await call.sandbox()).inbox.pop(call.path_fields["name"], None)
    return Answer(None, status=204)


async def instruct(call: ControlCall) -> Answer:
    """Say how to answer from now on."""
    inbox = inbox_of(await call.sandbox(), call.path_fields["name"])
    delay = _span("delay", call.body.get("delay", 0))
    inbox.status, inbox.delay = call.body.get("status", 200), delay
    return Answer({"status": inbox.status, "delay": inbox.delay.total_seconds()})


def _shown_header(call: ControlCall, name: str, value: str) -> str:
    """A header as it came, but for the token of the control API: test helpers send it by default."""
    if name == "x-mock-token" or (name.endswith("authorization") and _is_token(call, value)):
        return HIDDEN
    return _without_token(call, value.encode("latin-1")).decode("latin-1")


def _is_token(call: ControlCall, credential: str) -> bool:
    """Whether the token stands in this credential, also as a part of a Basic one."""
    if call.token is None:
        return False
    try:
        basic = base64.b64decode(credential.partition(" ")[2], validate=True)
    except ValueError:
        basic = b""
    return call.token in credential or call.token.encode() in basic


def _without_token(call: ControlCall, data: bytes) -> bytes:
    return data.replace(call.token.encode(), HIDDEN.encode()) if call.token else data


async def _wait(inbox: Inbox, wanted: int, longest: timedelta) -> None:
    try:
        async with asyncio.timeout(longest.total_seconds()):
            while len(inbox.received) < wanted:
                inbox.arrived.clear()
                await inbox.arrived.wait()
    except TimeoutError:
        return


def _span(name: str, text: object) -> timedelta:
    try:
        span = parse_span(text)
    except ValueError as error:
        raise Invalid({name: [str(error)]}) from None
    if span > _LONGEST_DELAY:
        raise Invalid({name: [f"at most a minute: {text!r}"]})
    return span


_RECEIVED = list_of("received")
_HOW = object_schema(
    status={"type": "integer", "minimum": 200, "maximum": 599, "description": "The status to answer with."},
    delay={"type": ["string", "number"], "description": "How long to wait first, in real time; at most a minute."},
)

OPERATIONS = (
    Operation(
        "POST",
        "/inbox/{name}",
        receive,
        name="receive",
        summary="Where webhooks can be sent",
        open=True,
        verbatim=True,
        any_query=True,
    ),
    Operation(
        "GET",
        "/inbox/{name}",
        show,
        name="inbox",
        summary="What arrived, oldest first",
        gives=_RECEIVED,
        query={"wait": "wait this long for messages, in real time", "count": "how many messages to wait for (1)"},
    ),
    Operation("DELETE", "/inbox/{name}", empty, name="emptyInbox", summary="Forget what arrived", status=204),
    Operation("PUT", "/inbox/{name}", instruct, name="instructInbox", summary="Say how to answer", takes=_HOW),
)

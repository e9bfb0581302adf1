"""`/_mock/inbox/{name}`: a webhook receiver for tests that have none."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import orjson

from mockserver.control.operation import (
    Answer,
    ControlCall,
    Operation,
    list_of,
    object_schema,
    shown_json,
    whole_query,
)
from mockserver.domain.errors import Invalid
from mockserver.domain.moments import moment_text, parse_span
from mockserver.journal.redact import HIDDEN
from mockserver.sandbox.inboxes import MOST_RECEIVED, Inbox

_LONGEST_DELAY = timedelta(minutes=1)
#: Answers with more characters of bodies than these are written in a thread.
_LONG = 64 * 1024


async def receive(call: ControlCall) -> Answer:
    """Keep a message, and answer as the inbox was instructed."""
    sandbox = await call.sandbox()
    inbox = sandbox.inbox.of(call.path_fields["name"])
    raw = _without_token(call, call.raw)
    message = {
        "at": moment_text(sandbox.state.clock.now()),
        "method": call.method,
        "path": call.path,
        "query": _without_token(call, call.query_text.encode("latin-1")).decode("latin-1"),
        "headers": {name: _shown_header(call, name, value) for name, value in call.headers.items()},
        "body": raw.decode("utf-8", "replace"),
    }
    sandbox.inbox.keep(inbox, message)
    if inbox.delay:
        await asyncio.sleep(inbox.delay.total_seconds())
    return Answer({"received": True}, status=inbox.status)


async def show(call: ControlCall) -> Answer:
    """List the messages, oldest first; `wait` first waits for `count` (1) messages, at most for that long.

    The wait also ends where the inbox ends: when it is emptied, or its sandbox reset or deleted.
    """
    sandbox = await call.sandbox()
    inbox = sandbox.inbox.of(call.path_fields["name"])
    if "wait" in call.query:
        number = whole_query(call, "count", default=1, most=MOST_RECEIVED)
        await _wait(inbox, number, _span("wait", call.query["wait"]))
    return Answer(await write_messages(list(inbox.received)))


async def empty(call: ControlCall) -> Answer:
    """Forget the messages and the instructions."""
    (await call.sandbox()).inbox.pop(call.path_fields["name"])
    return Answer(None, status=204)


async def instruct(call: ControlCall) -> Answer:
    """Set status and delay of the answers from now on."""
    inbox = (await call.sandbox()).inbox.of(call.path_fields["name"])
    delay = _span("delay", call.body.get("delay", 0))
    inbox.status, inbox.delay = call.body.get("status", 200), delay
    return Answer({"status": inbox.status, "delay": inbox.delay.total_seconds()})


def _shown_header(call: ControlCall, name: str, value: str) -> str:
    """Return the header's value without the control API's token, which test helpers send by default."""
    if name == "x-mock-token" or (name.endswith("authorization") and _is_token(call, value)):
        return HIDDEN
    return _without_token(call, value.encode("latin-1")).decode("latin-1")


def _is_token(call: ControlCall, credential: str) -> bool:
    """Return whether the token stands in this credential, or in the decoded part of a Basic one."""
    if call.token is None:
        return False
    try:
        basic = base64.b64decode(credential.partition(" ")[2], validate=True)
    except ValueError:
        basic = b""
    return call.token in credential or call.token.encode() in basic


def _without_token(call: ControlCall, data: bytes) -> bytes:
    return data.replace(call.token.encode(), HIDDEN.encode()) if call.token else data


async def write_messages(messages: list[dict[str, Any]]) -> bytes:
    """Return the answer, written in a thread where it is long: an inbox may hold sixteen megabytes."""
    if sum(len(message["body"]) for message in messages) > _LONG:
        return await asyncio.to_thread(_answer, messages)
    return _answer(messages)


def _answer(messages: list[dict[str, Any]]) -> bytes:
    """Write the answer; bodies are parsed each time, since parsed JSON takes many times the memory of its text."""
    rows = [orjson.dumps({**message, "json": shown_json(message["body"].encode())}) for message in messages]
    return b'{"received":[' + b",".join(rows) + b"]}"


async def _wait(inbox: Inbox, messages: int, longest: timedelta) -> None:
    try:
        async with asyncio.timeout(longest.total_seconds()):
            while len(inbox.received) < messages and not inbox.ended:
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
        summary="Receive a webhook",
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
    Operation(
        "PUT", "/inbox/{name}", instruct, name="instructInbox", summary="Set how the inbox answers webhooks", takes=_HOW
    ),
)

"""The table of faults on the wire. A new kind is one more entry of `KINDS`.

The rest is made from the entry: the parser and schema of scenario files and the control API (`read`, `wire_schema`),
the meaning of `Prefer: mock-fault=NAME`, the texts of documents and explanations, and the bytes that clients get.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.domain.suggestions import did_you_mean
from mockserver.faults.connection import Connection, Failure, Message, Send, Transport, close, reset
from mockserver.faults.model import Wire

Schema = Mapping[str, Any]
#: Makes the `send` that spoils the answers it gets; the second argument is what `Argument.read` returned.
Act = Callable[[Connection, Any], Send]

#: A rate above 0; its number and its unit.
_RATE = r"(?![0.]+[A-Za-z])([0-9]{1,9}(?:\.[0-9]{1,3})?)(B|kB|KB|KiB|MB)/s"
_UNITS = {"B": 1, "kB": 1000, "KB": 1000, "KiB": 1024, "MB": 1_000_000}
#: The pause between two parts of a drip, in seconds, where the rate allows it.
_TICK = 0.05
#: How many characters of a refused value a message has.
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Argument:
    """The argument of a kind, such as 0.4 in `{"cut": 0.4}`.

    `read` turns the JSON data into the value that the act gets; raises ValueError. `usual` is the argument for a
    caller who gives only the name; `rule` is what the error message says beside the example.
    """

    schema: Schema
    read: Callable[[Any], Any]
    example: Any
    usual: Any
    rule: str = ""


@dataclass(frozen=True, slots=True)
class WireKind:
    """One kind of fault on the wire.

    `about` says in a few words what the client sees. `needs_answer`: the kind spoils an answer, so the request is
    worked on or another fault answers; otherwise no byte of an answer gets out.
    """

    name: str
    about: str
    act: Act
    argument: Argument | None = None
    needs_answer: bool = False

    def written(self, value: Any) -> Any:
        """Return the kind as JSON data, with this argument where it takes one."""
        return self.name if self.argument is None else {self.name: value}


# -- what the kinds do ---------------------------------------------------------------------------------


def _no_answer(how: Callable[[Connection, Transport], None], failure: Failure) -> Act:
    """Return an act that sends no byte of the answer, and ends the connection by calling `how`."""

    def act(connection: Connection, argument: Any) -> Send:
        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                connection.note(lost_status=message["status"])
                connection.exchange.status = 0
            else:
                await connection.end(lambda transport: how(connection, transport), failure)

        return send

    return act


def _write_noise(connection: Connection, transport: Transport) -> None:
    # Never the beginning of an HTTP answer.
    transport.write(b"\x15\x03" + connection.noise("garbage"))
    transport.close()


def _cut(connection: Connection, part: float) -> Send:
    """Send a head that promises the whole body, and then only a part of the body."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            await connection.send(message)
            return
        body: bytes = message["body"]
        size = min(int(len(body) * part), max(len(body) - 1, 0))
        connection.note(sent_bytes=size, of_bytes=len(body))
        await connection.send({"type": "http.response.body", "body": body[:size], "more_body": True})
        await connection.end(close, Failure("the body was cut short (a fault)"))

    return send


def _drip(connection: Connection, pace: float) -> Send:
    """Send the body a few bytes at a time; `pace` is in bytes per second of real time."""
    size = max(1, round(pace * _TICK))

    async def send(message: Message) -> None:
        body: bytes = message.get("body", b"")
        if message["type"] == "http.response.start" or len(body) <= size:
            await connection.send(message)
            return
        disconnect = asyncio.ensure_future(connection.ended())
        try:
            for place in range(0, len(body), size):
                more = place + size < len(body)
                part = body[place : place + size]
                await connection.send({"type": "http.response.body", "body": part, "more_body": more})
                if more:
                    await asyncio.wait([disconnect], timeout=size / pace)
                if disconnect.done():
                    connection.note(sent_bytes=place + len(part), of_bytes=len(body))
                    return
        finally:
            disconnect.cancel()
            with suppress(asyncio.CancelledError):
                await disconnect

    return send


# -- how their arguments are read ----------------------------------------------------------------------


def _part(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"not a part of a body: {value!r}")
    return float(value)


def _pace(value: Any) -> float:
    match = re.fullmatch(_RATE, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a rate: {value!r}")
    return float(match[1]) * _UNITS[match[2]]


# -- the table -----------------------------------------------------------------------------------------

KINDS: tuple[WireKind, ...] = (
    WireKind(
        "reset",
        "TCP RST",
        _no_answer(lambda _, transport: reset(transport), Failure("connection reset by a fault", reset=True)),
    ),
    WireKind(
        "empty",
        "closed without an answer",
        _no_answer(
            lambda _, transport: close(transport), Failure("server disconnected without sending a response (a fault)")
        ),
    ),
    WireKind("garbage", "bytes that are not HTTP", _no_answer(_write_noise, Failure("not an HTTP answer (a fault)"))),
    WireKind(
        "cut",
        "this part of the body, then closed",
        _cut,
        Argument(
            schema={
                "title": "Cut",
                "description": "The part of the body that is sent.",
                "type": "number",
                "minimum": 0,
                "exclusiveMaximum": 1,
            },
            read=_part,
            example=0.4,
            usual=0.5,
            rule="below 1",
        ),
        needs_answer=True,
    ),
    WireKind(
        "drip",
        "the whole body at this pace",
        _drip,
        Argument(
            schema={
                "title": "Drip",
                "description": "How fast the body is sent, such as 10B/s or 1kB/s.",
                "type": "string",
                "pattern": f"^{_RATE}$",
                "patternErrorMessage": "a rate is written 10B/s or 1kB/s",
            },
            read=_pace,
            example="10B/s",
            usual="10B/s",
        ),
        needs_answer=True,
    ),
)


# -- what the rest of the server asks of it ------------------------------------------------------------


def names() -> list[str]:
    """Return the name of every kind."""
    return [kind.name for kind in KINDS]


def kind_named(name: str) -> WireKind | None:
    """Return the kind of this name, or None."""
    return next((kind for kind in KINDS if kind.name == name), None)


def needs_answer(wire: Wire) -> bool:
    """Return whether this kind spoils an answer, so that there must be one."""
    kind = kind_named(wire.kind)
    return kind is not None and kind.needs_answer


def needing_an_answer() -> str:
    """Return the names of the kinds that spoil an answer, in words."""
    return _listed((kind.name for kind in KINDS if kind.needs_answer), "and")


def read(data: Any) -> Wire:
    """Return the kind and argument that JSON data describes; raises ValueError with what is allowed."""
    name, value = data, None
    if isinstance(data, Mapping) and len(data) == 1:
        ((name, value),) = data.items()
    kind = kind_named(name) if isinstance(name, str) else None
    if kind is not None and isinstance(data, str) == (kind.argument is None):
        with suppress(ValueError):
            return Wire(kind.name, kind.argument.read(value) if kind.argument is not None else None)
    hint = did_you_mean(name, names()) if isinstance(name, str) and kind is None else ""
    shown = repr(data) if len(repr(data)) <= _LONGEST_SHOWN else f"{repr(data)[:_LONGEST_SHOWN]}..."
    raise ValueError(f"wire must be {_listed(_as_json(kind, rule=True) for kind in KINDS)}, not {shown}{hint}")


def usual(name: str) -> Any:
    """Return the JSON data of a kind with its usual argument, for a caller who gives only its name; else None."""
    kind = kind_named(name)
    return kind and kind.written(kind.argument.usual if kind.argument is not None else None)


def about(data: Any) -> str:
    """Return a few words on the kind that JSON data describes; empty for an unknown kind."""
    name = next(iter(data), "") if isinstance(data, Mapping) else data
    kind = kind_named(str(name))
    return kind.about if kind is not None else ""


def wire_schema() -> dict[str, Any]:
    """Return the JSON Schema of `wire` in a scenario file, made from the table."""
    descriptions = _listed(f"{_as_yaml(kind)} ({kind.about})" for kind in KINDS)
    return {
        "title": "Wire",
        "description": f"{descriptions}.",
        "type": ["string", "object"],
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "if": {"type": "string"},
        "then": {"enum": [kind.name for kind in KINDS if kind.argument is None]},
        "properties": {kind.name: dict(kind.argument.schema) for kind in KINDS if kind.argument is not None},
    }


def control_schema() -> dict[str, Any]:
    """Return the JSON Schema of `wire` in the control API's document, made from the table."""
    return {"description": f"{_listed(map(_as_json, KINDS))}."}


def _as_json(kind: WireKind, *, rule: bool = False) -> str:
    if kind.argument is None:
        return kind.name
    text = f"{{{_json(kind.name)}: {_json(kind.argument.example)}}}"
    return f"{text} ({kind.argument.rule})" if rule and kind.argument.rule else text


def _as_yaml(kind: WireKind) -> str:
    return kind.name if kind.argument is None else f"{{{kind.name}: {kind.argument.example}}}"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _listed(texts: Iterable[str], word: str = "or") -> str:
    *first, last = texts
    return f"{', '.join(first)} {word} {last}" if first else last

"""How an operation of the control API is declared, and what its handler is given."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mockserver.domain.errors import Invalid, NotFound
from mockserver.domain.suggestions import did_you_mean
from mockserver.http.body import MOST
from mockserver.http.history import History
from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.journal.budget import Budget
from mockserver.sandbox.config import Population
from mockserver.sandbox.names import DEFAULT
from mockserver.sandbox.place import Place
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sandboxes import Sandboxes
from mockserver.sandbox.settings import SettingsTable
from mockserver.scenario.check import Judge

#: How deep answers put the JSON of others, and with how many brackets nothing can be too deep for orjson's 254.
_DEPTH, _SHALLOW = 10, 200


@dataclass(frozen=True, slots=True)
class Server:
    """What the control API steers. `started` is the machine's time at start."""

    sandboxes: Sandboxes
    providers: Mapping[str, Provider]
    schemas: SchemaStore
    version: str
    started: datetime
    settings: SettingsTable
    judge: Judge
    objection: Callable[[str], Awaitable[str | None]]
    """Why no webhook can arrive at a URL, None where it may."""
    populate: Callable[[Sandbox, Population, datetime], Awaitable[History]]
    budget: Budget
    journal_size: int
    ca_certificate: Callable[[], Awaitable[bytes]]
    """The certificate of the local CA as PEM, made where there is none."""
    store: str = "memory"
    is_draining: Callable[[], bool] = lambda: False
    """Whether the server accepts its last requests before it stops."""
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a scenario file is checked."""


@dataclass(slots=True)
class ControlCall:
    """One call. `origin` is the address the client used (`http://localhost:7460`), `name` the sandbox's."""

    server: Server
    name: str
    origin: str
    method: str
    path: str
    path_fields: Mapping[str, str]
    query: Mapping[str, str]
    query_text: str
    headers: Mapping[str, str]
    raw: bytes
    operations: Sequence["Operation"]
    trusted: bool = True
    """Whether the call may do everything: without the token that a server asks for, an open operation may not."""
    body: Any = None
    token: str | None = field(default=None, repr=False)
    """The token that the control API asks for, so that nothing shows it."""
    _place: Place | None = None

    async def sandbox(self) -> Sandbox:
        """The sandbox the call came to, made on first use; the call is in it until `leave`."""
        if self._place is None:
            if not self.trusted and self.server.sandboxes.known(self.name) is None:
                raise NotFound("sandbox", self.name)
            self._place = await self.server.sandboxes.enter(self.name)
        return self._place.sandbox

    async def leave(self, *, accepted: bool) -> None:
        """Be in the sandbox no more; one that this call would have made is kept when it was accepted."""
        if self._place is not None:
            place, self._place = self._place, None
            await self.server.sandboxes.leave(place, accepted=accepted, steered=self.trusted)

    def query_values(self, name: str) -> list[str]:
        """Every value of a query parameter that may come several times."""
        return [value for key, value in parse_qsl(self.query_text, keep_blank_values=True) if key == name]

    def provider(self) -> Provider:
        """The provider that the path names; raises NotFound."""
        return known_provider(self.server, self.path_fields["provider"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives: JSON data (as bytes when it is written already), or a text with its media type."""

    data: Any
    status: int = 200
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Schema = Mapping[str, Any]
Handler = Callable[[ControlCall], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path under `/_mock`. `takes` and `gives` are JSON Schemas.

    `open` operations need no token. `media` is what the body must be; a YAML body arrives in `raw`, and so does
    one that `reads` describes and nobody checks. `largest` is how many bytes it may have. `query` names every
    parameter that is taken, each with its description or its schema; others are refused, but where `any_query`
    says that they belong to the caller. `produces` are the media types of the answer. `decimals` are the members
    of the body whose numbers arrive as Decimal, exactly as they were written. `never_empty`: the handler refuses
    an object without members, though `takes` does not.
    """

    method: str
    path: str
    handler: Handler
    name: str
    summary: str
    gives: Schema = field(default_factory=dict)
    takes: Schema | None = None
    query: Mapping[str, str | Schema] = field(default_factory=dict)
    status: int = 200
    media: str = "application/json"
    open: bool = False
    tokenless: bool = False
    """Whether it needs no token either, while Host and Origin are held to the rules of other operations."""
    reads: Schema | None = None
    largest: int = MOST
    verbatim: bool = False
    """Whether the body is taken as it came, whatever its Content-Encoding."""
    any_query: bool = False
    produces: tuple[str, ...] = ("application/json",)
    decimals: tuple[str, ...] = ()
    never_empty: bool = False

    @property
    def needs_body(self) -> bool:
        """Whether a call without a body is always refused."""
        if self.takes is None:
            return self.reads is not None or self.media != "application/json"
        return self.never_empty or "required" in self.takes or self.takes.get("type") == "array"

    slashes: bool = False
    """Whether a field of the path may hold slashes."""
    statuses: tuple[int, ...] = ()
    """Those of good answers beside `status`."""


def known_provider(server: Server, name: str) -> Provider:
    """The provider of this name; raises NotFound."""
    found = server.providers.get(name)
    if found is None:
        raise NotFound("provider", name, hint=did_you_mean(name, server.providers))
    return found


def whole_query(call: ControlCall, name: str, *, default: int, most: int) -> int:
    """A whole number of the query, 1 to `most`; raises Invalid."""
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise Invalid({name: [f"must be a whole number from 1 to {most}: {text!r}"]})
    return int(text)


def shown_json(body: bytes) -> Any:
    """The JSON that a body holds, to be shown inside an answer; None for none, and for what nests too deep for that."""
    try:
        data = orjson.loads(body)
        if body.count(b"[") + body.count(b"{") > _SHALLOW:
            orjson.dumps(_nested(data))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return data


def _nested(data: Any) -> Any:
    """The data as deep as it may stand in an answer."""
    for _ in range(_DEPTH):
        data = [data]
    return data


def sandbox_prefix(name: str) -> str:
    """What stands in front of every path of the sandbox: nothing for the default one."""
    return "" if name == DEFAULT else f"/~{name}"


def text_schema(description: str, **more: Any) -> dict[str, Any]:
    """The schema of a text."""
    return {"type": "string", "description": description, **more}


def object_schema(required: tuple[str, ...] = (), **properties: Schema) -> dict[str, Any]:
    """The schema of an object with these members and no others."""
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def list_of(name: str, item: Schema | None = None) -> dict[str, Any]:
    """The schema of `{name: [...]}`."""
    return {
        "type": "object",
        "properties": {name: {"type": "array", "items": dict(item or {"type": "object"})}},
        "required": [name],
    }

"""The declaration of a provider: everything the kit needs to serve one, as data and plain functions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.domain.accounts import Account
from mockserver.domain.errors import ApiError, Invalid, PlainStatus
from mockserver.http.call import Call
from mockserver.http.cors import Cors
from mockserver.http.customers import Customers
from mockserver.http.kit_mistakes import kit_wording
from mockserver.http.replies import ErrorResponse, Limit, Provenance, Reply
from mockserver.journal.names import SecretNames
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.settings import Setting

#: Statuses from here on are failures of the server.
_FIRST_FAILURE = 500
#: The usual credential: one key in the Authorization header.
BEARER: Mapping[str, Any] = {"bearer": {"type": "http", "scheme": "bearer"}}

Handler = Callable[[Call], Awaitable[Reply]]


class Outcome(NamedTuple):
    """An answer beside the usual one that is no refusal in the envelope: a redirect, a page; None: without a body."""

    status: int
    about: str
    media: str | None = None
    headers: tuple[str, ...] = ()


class Endpoint(NamedTuple):
    """One method of one path.

    `name` is the operation, as rules, limits, the journal and OpenAPI call it. `takes`, `form`, `query` and
    `path_fields` name the schemas of the JSON body, the form body, the query and the path; `request_headers`
    that of headers, which the handler reads by itself; `gives` that of the whole answer, envelope included.
    `mistakes` are those that this endpoint adds to the ones any call can
    meet. `scope` is what the credential must allow, as the provider's `identify` reads it. `head`: whether
    HEAD is answered as GET without a body; not where GET changes something.
    """

    method: str
    path: str
    handler: Handler
    name: str
    summary: str
    gives: str
    takes: str | None = None
    form: str | None = None
    query: str | None = None
    path_fields: str | None = None
    request_headers: str | None = None
    status: int = 200
    limit: Limit | None = None
    mistakes: tuple[type[ApiError], ...] = ()
    provenance: Provenance = "documented"
    public: bool = False
    scope: str | None = None
    head: bool = True
    confidential: bool = False
    """Whether the answer holds secrets, which the journal then hides: body fields, a redirect's query."""
    media: str | None = "application/json"
    """What `gives` is sent as; None: the usual answer has no body."""
    outcomes: tuple[Outcome, ...] = ()
    """What else it may answer; one with the endpoint's own status tells what the usual answer looks like."""
    checked: bool = True
    """Whether the kit holds body and query against their schemas; else the handler has rules of its own for them."""
    replay: Callable[[Call], Awaitable[Reply | None]] | None = None
    """The kept answer of a call that this one repeats, which no rule refuses; None for a call that is new."""
    tells_ignored: bool = False
    """Whether the journal notes the fields that nobody reads, for requests where a misspelt name costs money."""
    reads_order: bool = False
    """Whether it is what clients ask again and again until an order is done: one order, or a list of them."""
    security: tuple[Mapping[str, Any], ...] | None = None
    """OpenAPI security schemes of an endpoint that is public to the kit but asks for something by itself."""
    alias: str = ""
    """Of another way to the same operation: what its path has in front of the usual one (`/topup`)."""

    @property
    def operation_id(self) -> str:
        """The name in the OpenAPI document, which tells apart several ways to one operation."""
        return "_".join((*self.alias.strip("/").split("/"), self.name)) if self.alias else self.name

    def aliased(self, prefix: str, *, provenance: Provenance) -> "Endpoint":
        """The same operation under a prefix: rules, faults, limits and the journal know it by the same name."""
        summary = f"{self.summary} (the same as {self.path})"
        return self._replace(alias=prefix, path=prefix + self.path, summary=summary, provenance=provenance)


Worder = Callable[[Any], ErrorResponse]


class Mount(NamedTuple):
    """A provider answers under `/{host}{prefix}`, and under `{prefix}` when the Host header names `host`."""

    host: str
    prefix: str = ""


class Annex(NamedTuple):
    """Endpoints of a provider that live elsewhere (another host, or another envelope).

    Of an envelope of its own, `failure_schema` is the schema, `failure_media` the content type (the provider's by
    default), and `code` tells what it makes of a wording's code.
    """

    mount: Mount
    endpoints: tuple[Endpoint, ...]
    wrap: Callable[[Call, Reply], bytes]
    refuse: Callable[[Call, ErrorResponse], bytes]
    headers: Callable[[Call, int], tuple[tuple[str, str], ...]] | None = None
    failure_schema: str | None = None
    code: Callable[[ErrorResponse], str] | None = None
    failure_media: str | None = None


class Secrets(NamedTuple):
    """Where clients put credentials, so that the journal never keeps them, beside names that tell by themselves.

    All lower case, but `paths`, the fields of paths that are secrets. `visible` look like secrets, and are none.
    """

    headers: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    visible: frozenset[str] = frozenset()

    def names(self) -> SecretNames:
        """What tells the names of this provider's secrets."""
        return _names_of(self)


@lru_cache(maxsize=64)
def _names_of(secrets: Secrets) -> SecretNames:
    return SecretNames(secrets.headers | secrets.fields | secrets.paths, secrets.visible)


class Unrouted(NamedTuple):
    """Calls that no endpoint takes, at a provider that counts those with a good credential, too.

    `limit` names the bucket they go into. `authenticates_first` tells whether a bad credential is refused before the
    path is.
    """

    limit: Limit
    authenticates_first: Callable[[Call], bool]


class ProviderEvent(NamedTuple):
    """What a test can let happen to a provider as a whole (`/_mock/events`); `happen` tells what came of it."""

    about: str
    happen: Callable[[Sandbox], Awaitable[Mapping[str, Any]]]


#: Whether an endpoint exists under these values of the settings.
Offers = Callable[[Endpoint, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Provider:
    """One emulated API.

    `mistakes` is looked up along the mistake's class line (MRO). `identify` tells the account from the call's
    headers, or raises Unauthenticated or another mistake. `wrap` and `refuse` are the two envelopes.
    `limit` chooses the limit of
    a call where it depends on more than the endpoint. `headers` adds to every answer, refusals included.
    `offers` tells whether an endpoint, of an annex too, exists under these values of the sandbox's settings.
    """

    name: str
    title: str
    mounts: tuple[Mount, ...]
    endpoints: tuple[Endpoint, ...]
    identify: Callable[[Call], Awaitable[Account]]
    mistakes: Mapping[type[ApiError], ErrorResponse | Worder]
    wrap: Callable[[Call, Reply], bytes]
    refuse: Callable[[Call, ErrorResponse], bytes]
    failure_schema: str
    rules: ProviderRules
    failure_media: str = "application/json"
    """The content type of refusals whose wordings name none; `failure_schema` describes those that are JSON."""
    annexes: tuple[Annex, ...] = ()
    limit: Callable[[Call], Limit | None] | None = None
    headers: Callable[[Call, int], tuple[tuple[str, str], ...]] | None = None
    offers: Offers | None = None
    unrouted: Unrouted | None = None
    """How calls are treated that no endpoint takes; None: they are refused, whoever makes them."""
    settings: tuple[Setting, ...] = ()
    answer_headers: str | None = None
    """The schema of what `headers` adds, for the OpenAPI document."""
    secrets: Secrets = field(default_factory=Secrets)
    webhooks: Mapping[str, str] = field(default_factory=dict)
    """Event name -> the schema of its body."""
    common_mistakes: tuple[type[ApiError], ...] = ()
    """What any call can be refused with, for the OpenAPI document; the kit adds its own (405, 413, 500 ...)."""
    security: tuple[Mapping[str, Any], ...] = (BEARER,)
    """Names to OpenAPI security schemes: all of one mapping together suffice, each mapping alone."""
    reword: Callable[[Call, ErrorResponse], ErrorResponse] | None = None
    """What the sandbox's settings change about a wording."""
    events: Mapping[str, ProviderEvent] = field(default_factory=dict)
    """What can happen to the provider as a whole, by the name that the control API takes."""
    cors: Cors | None = None
    """Which web pages may call it; its setting stands among `settings`. None: no page but its own."""
    plain: Callable[[PlainStatus], ErrorResponse] | None = None
    """How a status is worded that none of the mistakes has; else as any failure of its kind."""
    customers: Callable[[], Customers] | None = None
    """Makes what invented customers do; None where they know nothing to buy."""
    folder: Path | None = None
    """The folder of a provider from another distribution, set when it is found; None for bundled ones."""
    other_hosts: tuple[str, ...] = ()
    """Host names of the real service at which none of the API answers, such as the apex of its domain."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the real service, sorted: clients reach them all over TLS."""
        mounts = (*self.mounts, *(annex.mount for annex in self.annexes))
        return tuple(sorted({mount.host for mount in mounts} | set(self.other_hosts)))


def _plain_status(provider: Provider, mistake: PlainStatus) -> ErrorResponse:
    """How a provider words a status that it says nothing of: with the code that it has for any failure of the kind."""
    general = ApiError() if mistake.status >= _FIRST_FAILURE else Invalid({"request": [mistake.phrase]})
    return replace(word(provider, general), status=mistake.status, text=f"{mistake.phrase}.", provenance="assumed")


def word(provider: Provider, mistake: ApiError) -> ErrorResponse:
    """Return the provider's wording of a mistake, or the kit's for those that the kit raises and nobody words."""
    if isinstance(mistake, PlainStatus):
        return provider.plain(mistake) if provider.plain is not None else _plain_status(provider, mistake)
    for kind in type(mistake).__mro__:
        wording = provider.mistakes.get(kind)
        if wording is not None:
            return wording if isinstance(wording, ErrorResponse) else wording(mistake)
        built_in = kit_wording(kind, mistake)
        if built_in is not None:
            return built_in
    raise KeyError(type(mistake).__name__)

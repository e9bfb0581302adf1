"""The declaration of a provider: everything the kit needs to serve one, as data and plain functions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.domain.accounts import Account
from mockserver.domain.errors import ApiError, Invalid, PlainStatus, ProviderMistake
from mockserver.http.call import Call
from mockserver.http.cors import Cors
from mockserver.http.customers import Customers
from mockserver.http.kit_mistakes import kit_response
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
    """A further answer of an endpoint that is no refusal, such as a redirect or a page.

    `media` is its content type, None where it has no body.
    """

    status: int
    about: str
    media: str | None = None
    headers: tuple[str, ...] = ()


class Endpoint(NamedTuple):
    """One method of one path.

    `name` is the operation's name in rules, limits, the journal and OpenAPI. `takes`, `form`, `query` and
    `path_fields` name the schemas of the JSON body, the form body, the query and the path; `request_headers`
    that of headers, which the handler reads by itself; `gives` that of the whole answer, envelope included.
    `mistakes` are the errors of this endpoint, besides those that any call can meet. `scope` is what the credential
    must allow, as the provider's `identify` reads it. `head`: whether HEAD is answered as GET without a body; False
    where GET changes something.
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
    """The content type of the usual answer; None where it has no body."""
    outcomes: tuple[Outcome, ...] = ()
    """Further answers; one with the endpoint's own `status` describes the usual answer."""
    checked: bool = True
    """Whether the kit checks body and query by their schemas; if not, the handler checks them by rules of its own."""
    replay: Callable[[Call], Awaitable[Reply | None]] | None = None
    """Returns the stored answer of a repeated call, which no rule refuses; None for a new call."""
    tells_ignored: bool = False
    """Whether the journal notes unknown fields, for requests where a misspelt name costs money."""
    reads_order: bool = False
    """Whether clients poll it until an order is done: it reads one order, or a list of them."""
    security: tuple[Mapping[str, Any], ...] | None = None
    """OpenAPI security schemes of an endpoint that is public for the kit but checks a credential by itself."""
    alias: str = ""
    """The prefix (`/topup`) of a second path to the same operation; empty for the usual path."""

    @property
    def operation_id(self) -> str:
        """The operation's id in the OpenAPI document, where each path to one operation needs an id of its own."""
        return "_".join((*self.alias.strip("/").split("/"), self.name)) if self.alias else self.name

    def aliased(self, prefix: str, *, provenance: Provenance) -> "Endpoint":
        """Return the same operation under a prefix, with the same name for rules, faults, limits and the journal."""
        summary = f"{self.summary} (the same as {self.path})"
        return self._replace(alias=prefix, path=prefix + self.path, summary=summary, provenance=provenance)


Worder = Callable[[Any], ErrorResponse]


class Mount(NamedTuple):
    """An address of a provider: `/{host}{prefix}`, and `{prefix}` where the Host header names `host`."""

    host: str
    prefix: str = ""


class Annex(NamedTuple):
    """Endpoints of a provider at another host, or with another envelope.

    For an envelope of its own, `failure_schema` is the schema of refusals, `failure_media` their content type (the
    provider's by default), and `code` returns the code that an error response has in it.
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
    """Names of headers, fields and path fields that hold credentials, which the journal hides.

    They are needed besides names that the journal knows by themselves, such as `password`. All are lower case, except
    `paths`, the path fields that are secrets. `visible` are names that only look like those of secrets.
    """

    headers: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    visible: frozenset[str] = frozenset()

    def names(self) -> SecretNames:
        """Return the test for names of this provider's secrets."""
        return _names_of(self)


@lru_cache(maxsize=64)
def _names_of(secrets: Secrets) -> SecretNames:
    return SecretNames(secrets.headers | secrets.fields | secrets.paths, secrets.visible)


class Unrouted(NamedTuple):
    """Treatment of calls that no endpoint takes, at a provider that counts those with a good credential, too.

    `limit` is the limit that they count against. `authenticates_first` returns whether a bad credential is refused
    before an unknown path is.
    """

    limit: Limit
    authenticates_first: Callable[[Call], bool]


class ProviderEvent(NamedTuple):
    """An event of a provider as a whole, which a test triggers (`/_mock/events`); `happen` returns its result."""

    about: str
    happen: Callable[[Sandbox], Awaitable[Mapping[str, Any]]]


#: Whether an endpoint exists under these values of the settings.
Offers = Callable[[Endpoint, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Provider:
    """One emulated API.

    `mistakes` maps classes of errors to responses; the nearest base class (MRO) decides. `identify` returns the
    account of the call's credential, or raises Unauthenticated or another ApiError. `wrap` and `refuse` make the
    bytes of answers and of refusals. `limit` chooses the limit of a call where it depends on more than the endpoint.
    `headers` returns headers for every answer, refusals included. `offers` returns whether an endpoint, also of an
    annex, exists under these values of the sandbox's settings.
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
    """The content type of error responses that name none; `failure_schema` describes those that are JSON."""
    annexes: tuple[Annex, ...] = ()
    limit: Callable[[Call], Limit | None] | None = None
    headers: Callable[[Call, int], tuple[tuple[str, str], ...]] | None = None
    offers: Offers | None = None
    unrouted: Unrouted | None = None
    """How calls that no endpoint takes are treated; None: they are refused and count against no limit."""
    settings: tuple[Setting, ...] = ()
    answer_headers: str | None = None
    """The schema of the headers that `headers` adds, for the OpenAPI document."""
    secrets: Secrets = field(default_factory=Secrets)
    webhooks: Mapping[str, str] = field(default_factory=dict)
    """Event name -> the schema of its body."""
    common_mistakes: tuple[type[ApiError], ...] = ()
    """Errors that any call can meet, for the OpenAPI document; the kit adds its own (405, 413, 500 ...)."""
    security: tuple[Mapping[str, Any], ...] = (BEARER,)
    """OpenAPI security schemes by name. A call needs all schemes of one mapping; any of the mappings suffices."""
    reword: Callable[[Call, ErrorResponse], ErrorResponse] | None = None
    """Changes an error response as the sandbox's settings want."""
    events: Mapping[str, ProviderEvent] = field(default_factory=dict)
    """Events of the provider as a whole, by the name that the control API takes."""
    cors: Cors | None = None
    """Which web pages may call it; its setting stands among `settings`. None: only pages of the same origin."""
    plain: Callable[[PlainStatus], ErrorResponse] | None = None
    """Returns the response for a status that none of the errors has; None: as for any error of that class."""
    customers: Callable[[], Customers] | None = None
    """Makes the behaviour of invented customers; None where they cannot buy anything."""
    folder: Path | None = None
    """The folder of a provider from another distribution, set when it is loaded; None for bundled providers."""
    other_hosts: tuple[str, ...] = ()
    """Host names of the real service at which none of the API answers, such as the apex of its domain."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the real service, sorted: clients reach them all over TLS."""
        mounts = (*self.mounts, *(annex.mount for annex in self.annexes))
        return tuple(sorted({mount.host for mount in mounts} | set(self.other_hosts)))


def identified(provider: Provider, account: Account | None) -> Account:
    """Return the account that `identify` returned; raises ProviderMistake for None."""
    if account is None:
        text = "returned None: it must raise UnknownCredential where a credential opens no account"
        raise ProviderMistake(f"identify of {provider.name} {text}")
    return account


def _plain_status(provider: Provider, error: PlainStatus) -> ErrorResponse:
    """Return the response for an undocumented status, with the provider's code for such errors in general."""
    general = ApiError() if error.status >= _FIRST_FAILURE else Invalid({"request": [error.phrase]})
    return replace(word(provider, general), status=error.status, text=f"{error.phrase}.", provenance="assumed")


def word(provider: Provider, error: ApiError) -> ErrorResponse:
    """Return the provider's response to an error, or the kit's where the provider has none.

    Raises KeyError for an error that neither has a response for.
    """
    if isinstance(error, PlainStatus):
        return provider.plain(error) if provider.plain is not None else _plain_status(provider, error)
    for kind in type(error).__mro__:
        response = provider.mistakes.get(kind)
        if response is not None:
            return response if isinstance(response, ErrorResponse) else response(error)
        built_in = kit_response(kind, error)
        if built_in is not None:
            return built_in
    raise KeyError(type(error).__name__)

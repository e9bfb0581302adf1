"""One call of an endpoint, as its handler sees it."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from starlette.types import Scope

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound, ProviderMistake
from mockserver.domain.orders import Order
from mockserver.engine.delays import delay_from_data, resolve
from mockserver.engine.rules import Aspect, Rule
from mockserver.http.origin import origin_of
from mockserver.http.replies import Limit
from mockserver.journal.journal import Decision, Entry
from mockserver.sandbox.counters import count_one
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.transactions import UnitOfWorkContext, View


class CalledOperation(Protocol):
    """The part of an endpoint that a call needs."""

    @property
    def name(self) -> str:
        """The operation's name in rules, limits and the journal."""

    @property
    def scope(self) -> str | None:
        """What the credential must allow."""


class CalledProvider(Protocol):
    """The part of a provider that a call needs."""

    @property
    def name(self) -> str:
        """The provider's name in the control API."""


class Call:
    """A request with its sandbox, which handlers get after identification and checks.

    `fields` holds path, query and body fields together, of the types their schemas say. `body` and
    `query` are the bytes as they came in, for protocols with rules of their own.
    """

    __slots__ = (
        "_account",
        "_prefix",
        "_scope",
        "body",
        "endpoint",
        "entry",
        "fields",
        "headers",
        "identity",
        "is_assumed",
        "limit",
        "provider",
        "sandbox",
        "state",
        "view",
    )

    def __init__(
        self,
        sandbox: Sandbox,
        provider: CalledProvider,
        endpoint: CalledOperation | None,
        entry: Entry,
        headers: Mapping[str, str],
        scope: Scope,
        prefix: str,
        body: bytes,
    ) -> None:
        self.sandbox = sandbox
        self.state = sandbox.state
        """The sandbox's state, as this call sees it."""
        self.view: View | None = None
        """Gives this call scenarios, settings and faults of its own, as `Prefer` does; None for an ordinary call."""
        self.provider = provider
        self.endpoint = endpoint
        self.entry = entry
        self.headers = headers
        self.body = body
        self._scope = scope
        self._prefix = prefix
        self.fields: dict[str, Any] = {}
        self.identity: Any = None
        """Data about the credential that the provider's `identify` leaves for its handlers."""
        self.limit: Limit | None = None
        """The limit this call was counted against."""
        self._account: Account | None = None
        self.is_assumed = False
        """Whether what the answer shows rests on an assumed event."""

    @property
    def account(self) -> Account:
        """The account that calls; calls of public endpoints have none."""
        assert self._account is not None, "a public endpoint has no account"
        return self._account

    @property
    def client(self) -> str:
        """The address the call came from; empty where there is none."""
        return (self._scope.get("client") or ("",))[0]

    @property
    def server(self) -> str:
        """Address and port that the call came to; empty where there is no port, as of a Unix socket."""
        host, port = self._scope.get("server") or ("", None)
        return "" if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def query(self) -> bytes:
        """The query as it came in."""
        query: bytes = self._scope["query_string"]
        return query

    @property
    def base_url(self) -> str:
        """The address the client used for this provider, without a slash at its end."""
        return f"{origin_of(self._scope, self.headers.get('host'))}{self._prefix}"

    def identify(self, account: Account) -> None:
        """Set the account that calls."""
        self._account = account
        self.entry.account = account.id

    @property
    def is_identified(self) -> bool:
        """Whether the account that calls is known."""
        return self._account is not None

    def limit_name(self) -> str:
        """Return the name under which the limiter counts this call."""
        bucket = self.limit.bucket if self.limit and self.limit.bucket else self.entry.operation
        assert bucket is not None, "calls of no endpoint are counted in a bucket"
        return f"{self.provider.name}/{self.entry.account}/{bucket}"

    async def own_order(self, order_id: str) -> Order:
        """Return an order of the calling account, for reading only; raises NotFound, also for another account's order.

        Calls that change something read the order in a unit of work (`work`).
        """
        order = await self.sandbox.order(self.provider.name, order_id)
        if order.account != self.account.id:
            raise NotFound("order", order_id)
        return self.touched(order)

    def work(self) -> UnitOfWorkContext:
        """Begin a unit of work whose cause is this call."""
        operation = self.endpoint.name if self.endpoint else "call"
        return self.sandbox.work(f"{operation} {self.entry.id}", view=self.view, caller=self)

    def see(self, view: View) -> None:
        """Replace `state` by what `view` makes of the sandbox's state."""
        self.view = view
        self.state = view(self.sandbox.state)

    def find_account(self, parts: Sequence[str], *, known_only: bool = False) -> Awaitable[Account | None]:
        """Return the account of a credential, None for an unknown one.

        `parts` are its values in the order of `ProviderRules.credential`. Raises ProviderMistake for a text or a
        mapping, whose characters or keys would be taken for the parts.

        With the setting `accept_any_key` an unknown credential opens a new account, except where `known_only` is set.
        """
        if isinstance(parts, str | Mapping):
            text = f"takes the values of the credential, such as (key,), not a {type(parts).__name__}"
            raise ProviderMistake(f"find_account of {self.provider.name} {text}")
        return self.sandbox.find_account(self.provider.name, parts, known_only=known_only, view=self.view)

    def decide(self, aspect: Aspect, facts: Mapping[str, Any] | None = None) -> Rule | None:
        """Return the rule that decides this aspect of the call, or None.

        `facts` of an order are matched as `order.*`. The decision is noted in the journal entry.
        """
        operation = self.endpoint.name if self.endpoint else None
        subject = dict(self.entry.subject)
        if not subject:
            subject = {f"request.{name}": value for name, value in self.fields.items()}
            subject |= {"operation": operation, "account": self.entry.account}
        if facts:
            subject |= {f"order.{name}": value for name, value in facts.items()}
        self.entry.subject = subject
        if not self.state.active_scenarios.speaking(aspect, self.provider.name, operation):
            return None
        self.entry.rules = self.state.active_scenarios.rules[self.provider.name]
        rule = self.state.decide(aspect, self.provider.name, subject)
        if rule is not None:
            self.entry.decisions += (Decision(aspect, rule, subject),)
            self.entry.rule = rule.name
        return rule

    async def take_time(self) -> None:
        """Move the sandbox's clock by the span that a rule gives this call; everything due on the way happens."""
        rule = self.decide("takes")
        if rule is None:
            return
        state = self.state
        operation = self.endpoint.name if self.endpoint else "call"
        counter = f"takes/{self.provider.name}/{operation}"
        number = count_one(state.counters, counter)
        delay = delay_from_data(rule.then["takes"])
        span = resolve(delay, state.dice, counter, number, facts={}, settings=state.settings.values)
        await self.sandbox.advance(by=span)

    def assume(self) -> None:
        """Note that the answer rests on an assumed event."""
        self.is_assumed = True

    def touched(self, order: Order) -> Order:
        """Note the order and its rule in the journal entry, and return the order."""
        self.entry.order = order.id
        if order.rule is not None:
            self.entry.rule = order.rule
        return order

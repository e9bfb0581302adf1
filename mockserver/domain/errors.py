"""Domain errors: the reasons to refuse a request. Only a provider's envelope turns them into HTTP."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from mockserver.domain.moments import span_text
from mockserver.domain.orders import Order


class ApiError(Exception):
    """The reason why a request is refused; the request has changed nothing.

    `because` is JSON data that says what would have been right. Only testers see it, in the journal.
    """

    because: Mapping[str, Any] = MappingProxyType({})


class ProviderMistake(Exception):
    """A provider's code breaks a rule of the kit; the message says which in one line. Clients get an InternalError."""


class Unauthenticated(ApiError):
    """The request does not identify an account."""


class MissingCredential(Unauthenticated):
    """The request carries no credential at all."""


class UnknownCredential(Unauthenticated):
    """The request carries a credential that opens no account."""


class AccountRefused(ApiError):
    """The credential is right, but the account may not act."""


class AccountSuspended(AccountRefused):
    """The provider has blocked the account."""


class AccountLocked(AccountRefused):
    """The account is locked for a while."""


class AccountDisabled(AccountRefused):
    """The account is switched off."""


class AccountRevoked(AccountRefused):
    """The account's credential was withdrawn."""


class AccountDenied(AccountRefused):
    """The account has no access to this API."""


class NotFound(ApiError):
    """There is no `what` of this name, or it belongs to another account. `hint` is put behind the message."""

    def __init__(self, what: str, name: str = "", *, hint: str = "") -> None:
        super().__init__((f"{what} not found: {name!r}" if name else f"{what} not found") + hint)
        self.what = what
        self.name = name


class UnknownRoute(NotFound):
    """No endpoint has this path."""


class MissingParameter(UnknownRoute):
    """The path is that of an endpoint without some of its `parameters`; most providers call it unknown."""

    def __init__(self, path: str, parameters: Sequence[str] = ()) -> None:
        super().__init__("route", path)
        self.parameters = tuple(parameters)


class MethodNotAllowed(ApiError):
    """The path has no endpoint for this method; `allowed` lists the methods that it has."""

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__(f"method {method} is not allowed here")
        self.method = method
        self.allowed = tuple(allowed)


class Invalid(ApiError):
    """Some fields of the request break a rule; `errors` maps each field to its messages."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{field}: {text}" for field, texts in errors.items() for text in texts))
        self.errors = {field: list(texts) for field, texts in errors.items()}


class Malformed(Invalid):
    """The body is not of its content type, such as JSON that cannot be parsed."""


class PayloadTooLarge(ApiError):
    """The body exceeds `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes")
        self.limit = limit


class TargetTooLong(PayloadTooLarge):
    """The request line exceeds `limit` bytes."""

    def __init__(self, limit: int) -> None:
        ApiError.__init__(self, f"the request line is longer than {limit} bytes")
        self.limit = limit


class HeadTooLarge(PayloadTooLarge):
    """The head of the request exceeds `limit` bytes, or has more than `headers` headers."""

    def __init__(self, limit: int, headers: int = 200) -> None:
        ApiError.__init__(self, f"the head is larger than {limit} bytes or has more than {headers} headers")
        self.limit = limit
        self.headers = headers


class MalformedHost(ApiError):
    """The request's Host is not a host, or there are two; answers contain addresses that are made from it."""

    text = "The request must have one Host header: a name or an address, and a port."

    def __init__(self) -> None:
        super().__init__("the Host of the request is not a name or an address, and a port")


#: The content encodings in which a body may come.
READ_ENCODINGS = ("gzip", "deflate")


class UnsupportedEncoding(Malformed):
    """The body has a Content-Encoding that is not supported: `encoding`. `text` says so in a sentence."""

    def __init__(self, encoding: str = "br") -> None:
        self.encoding = encoding[:100]
        self.text = f"The Content-Encoding {self.encoding!r} is not supported, only {' and '.join(READ_ENCODINGS)}."
        super().__init__({"body": [self.text]})


#: The errors of any call before a provider looks at it.
AT_THE_EDGE: tuple[type[ApiError], ...] = (TargetTooLong, HeadTooLarge, MalformedHost, UnsupportedEncoding)


class RateLimited(ApiError):
    """Too many calls of `operation`; the next is accepted after `retry_after`."""

    def __init__(self, operation: str, retry_after: timedelta) -> None:
        super().__init__(f"too many {operation} calls, wait {whole_seconds(retry_after)}s")
        self.operation = operation
        self.retry_after = retry_after


class InsufficientBalance(ApiError):
    """The wallet holds less than the price, both in minor units."""

    def __init__(self, balance: int, needed: int) -> None:
        super().__init__(f"balance {balance} is less than {needed}")
        self.balance = balance
        self.needed = needed


class InvalidPrice(ApiError):
    """The request names a price that is not live now; `right` are the live ones, as JSON data."""

    def __init__(self, right: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__("not a price that is live now")
        self.because = {"prices": list(right)} if right else {}


class OutOfStock(ApiError):
    """The stock of the product is empty."""


class ProviderError(ApiError):
    """The provider's own supplier failed."""


class InternalError(ApiError):
    """The provider itself failed."""


class NoRoom(ApiError):
    """The sandbox keeps `most` of `what` already, its limit; `remedy` says how to make room."""

    def __init__(self, what: str, most: str, *, remedy: str) -> None:
        super().__init__(f"this sandbox keeps at most {most} of {what}; {remedy}")


class PlainStatus(ApiError):
    """A refusal of which only the HTTP status and its phrase are known."""

    def __init__(self, status: int, phrase: str) -> None:
        super().__init__(f"{status} {phrase}")
        self.status = status
        self.phrase = phrase


class NotTaken(ApiError):
    """The order does not take `event` in the state it is in."""

    def __init__(self, event: str, order: Order, hint: str = "") -> None:
        super().__init__(f"event {event!r} is not taken in state {order.state!r}{hint}")
        self.event = event
        self.order = order


class TooEarly(NotTaken):
    """The order will take `event`, but only after the span `left`."""

    def __init__(self, event: str, order: Order, left: timedelta) -> None:
        super().__init__(event, order, f" yet: it will be in {span_text(left)}")
        self.left = left


class TooLate(NotTaken):
    """The order took `event` until `ago` before now, but no longer."""

    def __init__(self, event: str, order: Order, ago: timedelta) -> None:
        super().__init__(event, order, f" any more: it was until {span_text(ago)} ago")
        self.ago = ago


def whole_seconds(span: timedelta) -> int:
    """Return the seconds of a span, rounded up, so that a client that waits for them is never early."""
    return -(-span // timedelta(seconds=1))


#: Errors without data of their own that a scenario or a fault may name (`mistake`), by name.
NAMED: dict[str, type[ApiError]] = {
    kind.__name__: kind
    for kind in (
        MissingCredential,
        UnknownCredential,
        AccountSuspended,
        AccountLocked,
        AccountDisabled,
        AccountRevoked,
        AccountDenied,
        InvalidPrice,
        OutOfStock,
        ProviderError,
        InternalError,
    )
}


def mistake_named(name: str, *, operation: str = "request", retry_after: timedelta = timedelta(seconds=30)) -> ApiError:
    """Return the error of one of the `MISTAKE_NAMES`; raises KeyError for an unknown name.

    `operation` and `retry_after` are for RateLimited.
    """
    if name == "RateLimited":
        return RateLimited(operation, retry_after)
    if name == "InsufficientBalance":
        return InsufficientBalance(0, 0)
    if name == "NotFound":
        return NotFound("resource")
    return NAMED[name]()


#: Every name that `mistake_named` knows.
MISTAKE_NAMES = (*NAMED, "RateLimited", "InsufficientBalance", "NotFound")

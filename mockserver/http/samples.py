"""Sample errors, used to document how each provider words them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mockserver.domain.errors import (
    ApiError,
    InsufficientBalance,
    Invalid,
    MethodNotAllowed,
    MissingParameter,
    NotFound,
    NotTaken,
    PayloadTooLarge,
    RateLimited,
    TooEarly,
    TooLate,
    UnsupportedEncoding,
)
from mockserver.domain.orders import Order
from mockserver.http.body import MOST

_SPAN = timedelta(seconds=30)
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class _AllFacts(Mapping[str, Any]):
    """Facts in which every name has a value that may stand for a code or an id."""

    def __getitem__(self, name: str) -> str:
        return "123456"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _orders() -> tuple[Order, Order]:
    """Return a completed order with every fact, and a cancelled one without any."""
    full = Order(
        provider="sample",
        kind="order",
        id="123456",
        account="sample",
        sequence=1,
        state="completed",
        visit=2,
        created_at=_MOMENT,
        entered_at=_MOMENT,
        amount=0,
        machine="sample",
        facts=_AllFacts(),
        history=(),
    )
    return full, full._replace(facts={}, state="cancelled")


_BUILDERS: Mapping[type[ApiError], Callable[[Any], tuple[ApiError, ...]]] = {
    NotFound: lambda kind: (kind("resource"),),
    MissingParameter: lambda kind: (kind("/path", ("parameter",)),),
    MethodNotAllowed: lambda kind: (kind("PUT", ("GET",)),),
    Invalid: lambda kind: (kind({"field": ["The field field is required."]}),),
    PayloadTooLarge: lambda kind: (kind(MOST),),
    UnsupportedEncoding: lambda kind: (kind(),),
    RateLimited: lambda kind: (kind("request", _SPAN),),
    InsufficientBalance: lambda kind: (kind(0, 1),),
    TooEarly: lambda kind: tuple(kind("cancel", order, _SPAN) for order in _orders()),
    TooLate: lambda kind: tuple(kind("cancel", order, _SPAN) for order in _orders()),
    NotTaken: lambda kind: tuple(kind("cancel", order) for order in _orders()),
    ApiError: lambda kind: (kind(),),
}


def samples_of(kind: type[ApiError]) -> tuple[ApiError, ...]:
    """Return instances of an error class, several where its text may depend on the order that it is about.

    A class of a provider is built like its nearest known base class; raises ValueError where its constructor takes
    other arguments.
    """
    build = next(_BUILDERS[base] for base in kind.__mro__ if base in _BUILDERS)
    try:
        return build(kind)
    except TypeError as error:
        raise ValueError(f"no sample of mistake {kind.__name__} can be built, give one: {error}") from error

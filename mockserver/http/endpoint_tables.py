"""Helpers for tables of endpoints: common values of a group, and handlers that are imported at their first call.

A provider names the modules of its handlers twice, for mypy and for the interpreter:

    if TYPE_CHECKING:
        from mockserver.providers.acme import orders, shop
    else:
        orders, shop = lazy_handlers(__name__, "orders", "shop")

From there on `shop.countries` is an ordinary handler, and mypy reports a misspelt one. A module is imported when one
of its handlers is called first, to keep start-up fast.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from mockserver.domain.errors import ApiError
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint
from mockserver.http.replies import Limit, Provenance


class LazyHandlers:
    """A stand-in for a module of handlers; the first call of a handler imports the module."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[[Call], Awaitable[Any]]:
        if name.startswith("__"):
            raise AttributeError(name)
        cache: list[Callable[[Call], Awaitable[Any]]] = []

        # Not a coroutine function itself: what it returns is awaited, without another frame in between.
        def handler(call: Call) -> Awaitable[Any]:
            if not cache:
                cache.append(getattr(import_module(self._module), name))
            return cache[0](call)

        handler.__module__, handler.__name__ = self._module, name
        return handler


def lazy_handlers(table: str, *modules: str) -> tuple[LazyHandlers, ...]:
    """Return a stand-in for each of these modules in the package of the table, whose `__name__` is `table`."""
    package = table.rpartition(".")[0]
    return tuple(LazyHandlers(f"{package}.{module}") for module in modules)


def group(
    *endpoints: Endpoint,
    limit: Limit | None = None,
    mistakes: tuple[type[ApiError], ...] = (),
    scope: str | None = None,
    public: bool = False,
    provenance: Provenance = "documented",
) -> tuple[Endpoint, ...]:
    """Return the endpoints with these common values.

    A value that an endpoint sets itself stays; its own mistakes come after the common ones.
    """
    return tuple(
        endpoint._replace(
            limit=endpoint.limit or limit,
            mistakes=(*mistakes, *endpoint.mistakes),
            scope=endpoint.scope or scope,
            public=endpoint.public or public,
            provenance=provenance if endpoint.provenance == "documented" else endpoint.provenance,
        )
        for endpoint in endpoints
    )

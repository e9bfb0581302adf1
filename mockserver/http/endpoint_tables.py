"""Tables of endpoints: what several have in common said once, and handlers that are imported with their first call.

A provider names the modules of its handlers twice, because mypy reads the one and the interpreter the other:

    if TYPE_CHECKING:
        from mockserver.providers.acme import orders, shop
    else:
        orders, shop = lazy_handlers(__name__, "orders", "shop")

From there on `shop.countries` is a handler as ever: a misspelt one does not pass mypy. Nothing of the modules is
imported before one of their handlers is called, to keep start-up fast.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from mockserver.domain.errors import ApiError
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint
from mockserver.http.replies import Limit, Provenance


class LazyHandlers:
    """Stands for a module whose functions take a call; each imports the module when it is called first."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[[Call], Awaitable[Any]]:
        if name.startswith("__"):
            raise AttributeError(name)
        found: list[Callable[[Call], Awaitable[Any]]] = []

        # Not a coroutine function itself: what it returns is awaited, without another frame in between.
        def handler(call: Call) -> Awaitable[Any]:
            if not found:
                found.append(getattr(import_module(self._module), name))
            return found[0](call)

        handler.__module__, handler.__name__ = self._module, name
        return handler


def lazy_handlers(table: str, *modules: str) -> tuple[LazyHandlers, ...]:
    """Return what stands for the modules beside the table's, whose `__name__` is `table`."""
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
    """Return the endpoints with what they have in common.

    What an endpoint says by itself stands; its own mistakes come behind the common ones.
    """
    return tuple(
        one._replace(
            limit=one.limit or limit,
            mistakes=(*mistakes, *one.mistakes),
            scope=one.scope or scope,
            public=one.public or public,
            provenance=provenance if one.provenance == "documented" else one.provenance,
        )
        for one in endpoints
    )

"""Handlers whose module is imported with their first call, so that a start does not pay for what nobody asks."""

from importlib import import_module

from mockserver.http.call import Call
from mockserver.http.provider import Handler
from mockserver.http.replies import Reply


class Later:
    """Stands for a module in a table of endpoints: `shop = Later("...shop")`, then `shop.countries` as ever."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Handler:
        found: list[Handler] = []

        async def handler(call: Call) -> Reply:
            if not found:
                found.append(getattr(import_module(self._module), name))
            return await found[0](call)

        return handler

"""What a provider's own rows and its orders' facts hold, which snapshots are checked with."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.domain.orders import Order

#: The JSON data of rows, by table and key.
Tables = Mapping[str, Mapping[str, Any]]


class RowForms(NamedTuple):
    """The types of a provider's data, as msgspec takes them, such as a TypedDict.

    `facts` are the facts of an order by its kind. `tables` are the rows of each table of the provider's own, whose name
    begins with the provider's name and a blank. `probe` reads an order as answers do, and raises where it cannot.
    `numbers` returns the least numbers (`next_number`) that the orders and rows imply, by name.
    """

    facts: Mapping[str, Any] = MappingProxyType({})
    tables: Mapping[str, Any] = MappingProxyType({})
    probe: Callable[[Order], object] | None = None
    numbers: Callable[[list[Order], Tables], Mapping[str, int]] | None = None

"""The facts of operations, by which snapshots are checked."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from mockserver.domain.moments import parse_span
from mockserver.domain.orders import Order
from mockserver.sandbox.row_forms import RowForms, Tables


class _Message(TypedDict):
    _id: str
    sender: str
    text: str
    code: str | None
    receivedAt: str


class Operation(TypedDict):
    """An operation: an assignment adds the number, and each SMS a message."""

    product: str
    service: str
    country: str
    line: int
    expires_in: str | int | float
    messages: list[_Message]
    number: NotRequired[str]
    stock: NotRequired[str]
    style: NotRequired[str]
    second_sms: NotRequired[str | int | float]


def _probe(order: Order) -> object:
    from mockserver.providers.hidsim.catalogue import catalogue

    goods, facts = catalogue(), order.facts
    spans = [parse_span(facts[name]) for name in ("expires_in", "second_sms") if name in facts]
    return goods.services[facts["service"]], goods.countries[facts["country"]], spans


def _numbers(orders: list[Order], tables: Tables) -> Mapping[str, int]:
    lines: Counter[str] = Counter()
    for order in orders:
        country, line = _word(order.facts.get("country")), order.facts.get("line")
        name = f"hidsim/lines/{country}"
        lines[name] = max(lines[name], line if isinstance(line, int) else 0)
    return lines


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


FORMS = RowForms(facts={"operation": Operation}, probe=_probe, numbers=_numbers)

"""The facts of activations, by which snapshots are checked."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from mockserver.domain.orders import Order
from mockserver.sandbox.row_forms import RowForms, Tables


class Activation(TypedDict):
    """An activation: the SMS adds the last three."""

    country: int
    country_name: str
    service: str
    label: str
    phone_number: str
    discount_pct: int
    stock: NotRequired[str]
    code: NotRequired[str]
    text: NotRequired[str]
    received_at: NotRequired[str]


def _numbers(orders: list[Order], tables: Tables) -> Mapping[str, int]:
    return {"daisysim/phone": max((order.sequence for order in orders), default=0)}


FORMS = RowForms(facts={"activation": Activation}, numbers=_numbers)

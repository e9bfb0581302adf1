"""The facts of unlock tickets, by which snapshots are checked."""

from typing import NotRequired, TypedDict

from mockserver.domain.orders import Order
from mockserver.providers.doctorsim_v1.instructions import howto
from mockserver.sandbox.row_forms import RowForms


class Unlock(TypedDict):
    """An unlock: the answer adds the code, and a test may push other instructions."""

    device: str
    network: str
    imei: str
    suffix: str
    brand: str
    model: str
    network_name: str
    tool: str
    tool_type: str
    service: str
    time_min: int
    time_max: int
    time_unit: str
    success_percent: NotRequired[int]
    failure_percent: NotRequired[int]
    mode: str
    code: NotRequired[str]
    howto: NotRequired[str]


def _probe(order: Order) -> object:
    return howto(order.facts) if "code" in order.facts else None


FORMS = RowForms(facts={"unlock": Unlock}, probe=_probe)

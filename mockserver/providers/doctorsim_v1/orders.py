"""The handlers that place, show, hurry and cancel orders."""

from typing import Any

from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v1 import wire
from mockserver.providers.doctorsim_v1.auth import mode_of
from mockserver.providers.doctorsim_v1.catalogue import Model, Network
from mockserver.providers.doctorsim_v1.errors import DuplicateImei, NotAvailableYet
from mockserver.providers.doctorsim_v1.imei import read_segment
from mockserver.providers.doctorsim_v1.instructions import howto
from mockserver.providers.doctorsim_v1.rules import RULES
from mockserver.providers.doctorsim_v1.settings import MOST_RUNNING, NAME
from mockserver.providers.doctorsim_v1.shop import known_model, known_network, shop_of
from mockserver.providers.doctorsim_v1.tools import Tool
from mockserver.sandbox.orders import list_orders
from mockserver.sandbox.unit_of_work import UnitOfWork

_PAGE = 500


async def create_order(call: Call) -> Reply:
    """Charge the tool's price and place the order; checks device, network, tool, IMEI, its suffix, then credits."""
    fields = call.fields
    model, network = known_model(fields["device_id"]), known_network(fields["network_id"])
    tool = shop_of(call.state).tool(model, network, fields["tool_id"])
    imei, suffix = read_segment(fields["imei"], tool.service.flag)
    facts = _facts(model, network, tool, imei, suffix) | {"mode": mode_of(call.account)}
    async with call.work() as work:
        if work.settings["doctorsim_v1.duplicate_imei"] == "refuse":
            await _refuse_a_duplicate(work, call.account.id, imei, tool)
        order = await work.place(RULES, kind="unlock", account=call.account.id, amount=tool.price, facts=facts)
    return Reply({"id_ticket": order.id})


async def _refuse_a_duplicate(work: UnitOfWork, account: str, imei: str, tool: Tool) -> None:
    """Raise DuplicateImei when one of the account's newest running orders is for this IMEI and tool."""
    for public_state in ("open", "pending"):
        for order in await list_orders(work.tx, NAME, account, shown=public_state, limit=MOST_RUNNING):
            if order.facts["imei"] == imei and order.facts["tool"] == tool.id:
                raise DuplicateImei("create_order", order)


async def check_order_status(call: Call) -> Reply:
    """Return one order of the account."""
    order = await call.own_order(call.fields["ticket_id"])
    return Reply({order.id: wire.order_data(order, _public_state(call, order))})


async def check_all_orders(call: Call) -> Reply:
    """Return all orders of the account, newest first."""
    orders: list[Order] = []
    async with call.work() as work:
        while True:
            page = await list_orders(work.tx, NAME, call.account.id, skip=len(orders), limit=_PAGE)
            orders += page
            if len(page) < _PAGE:
                break
    return Reply({order.id: wire.order_data(order, _public_state(call, order)) for order in orders})


async def update_order(call: Call) -> Reply:
    """Finish the order now (`force=nowait`); an order that is finished stays as it is."""
    async with call.work() as work:
        order = await work.own_order(call.account, call.fields["ticket_id"])
        if order.state not in (wire.AVAILABLE, "notavailable"):
            order = await work.send(order, "nowait")
    return Reply({order.id: wire.order_data(order, _public_state(call, order), yes="1", no="0")})


async def cancel_order(call: Call) -> Reply:
    """Cancel the order within its window, and refund its price."""
    async with call.work() as work:
        order = await work.own_order(call.account, call.fields["ticket_id"])
        order = await work.send(order, "cancel")
    return Reply({order.id: {"status": _public_state(call, order)}})


async def retrieve_order_instructions(call: Call) -> Reply:
    """Return the instructions to unlock the phone, once the order is available."""
    order = await call.own_order(call.fields["ticket_id"])
    if order.state != wire.AVAILABLE:
        raise NotAvailableYet("retrieve", order)
    return Reply({order.id: {"howto": order.facts.get("howto") or howto(order.facts)}})


def _facts(model: Model, network: Network, tool: Tool, imei: str, suffix: str) -> dict[str, Any]:
    shortest, longest = tool.seconds
    return {
        "device": model.device.id,
        "network": network.id,
        "imei": imei,
        "suffix": suffix,
        "brand": model.brand.name,
        "model": model.full_name,
        "network_name": network.name,
        "tool": tool.id,
        "tool_type": tool.service.type,
        "service": tool.service.name,
        "time_min": shortest,
        "time_max": longest,
        "time_unit": tool.service.unit,
        "success_percent": tool.percent,
        "failure_percent": 100 - tool.percent,
    }


def _public_state(call: Call, order: Order) -> str:
    return call.state.shown(order)

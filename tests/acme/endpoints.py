"""The six endpoints, and the four services that they sell."""

from mockserver.domain.errors import InsufficientBalance, NotFound, NotTaken, OutOfStock, TooEarly
from mockserver.engine.dice import Dice
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint
from mockserver.http.replies import Limit, Reply
from mockserver.sandbox.orders import list_orders
from tests.acme.rules import EUR, RULES, order_data

#: What is sold, and how many numbers of each.
SERVICES, STOCK = ("chat", "mail", "silent", "last"), 100_000


def prices(dice: Dice) -> dict[str, int]:
    """The price of each service in cents, the same for a sandbox's whole life."""
    return {name: 50 + dice.below(200, "acme price", name) for name in SERVICES}


async def balance(call: Call) -> Reply:
    """What the wallet holds."""
    async with call.work() as work:
        return Reply({"balance": EUR.text(await work.balance(call.account)), "currency": "EUR"})


async def services(call: Call) -> Reply:
    """What is sold at what price."""
    rows = call.state.catalogue("acme", prices).items()
    return Reply({"services": [{"service": name, "price": EUR.text(price)} for name, price in rows]})


async def buy(call: Call) -> Reply:
    """Charge the price and give a number."""
    service = call.fields["service"]
    price = call.state.catalogue("acme", prices).get(service)
    if price is None:
        raise NotFound("service", service)
    async with call.work() as work:
        await work.take_stock(f"acme/{service}", stock=STOCK)
        number = call.state.dice.below(10**6, "acme phones") + await work.next_number("acme/phone")
        order = await work.place(
            RULES,
            kind="activation",
            account=call.account.id,
            amount=price,
            facts={"service": service, "phone": f"+4917{number:08d}"},
            stock=f"acme/{service}",
        )
        return Reply(order_data(order, work.shown(order)), status=201)


async def show(call: Call) -> Reply:
    """One order."""
    order = await call.own_order(call.fields["order"])
    return Reply(order_data(order, call.state.shown(order)))


async def orders(call: Call) -> Reply:
    """The account's orders, newest first."""
    async with call.work() as work:
        state, limit = call.fields.get("state", ""), call.fields["limit"]
        found = await list_orders(work.tx, "acme", call.account.id, shown=state, limit=limit)
        return Reply({"orders": [order_data(one, work.shown(one)) for one in found]})


async def cancel(call: Call) -> Reply:
    """Give the number back for a full refund."""
    async with call.work() as work:
        order = await work.send(await work.own_order(call.account, call.fields["order"]), "cancel")
        return Reply(order_data(order, work.shown(order)))


ENDPOINTS = (
    Endpoint("GET", "/balance", balance, name="balance", summary="What the wallet holds", gives="acme/balance"),
    Endpoint("GET", "/services", services, name="services", summary="What is sold", gives="acme/services"),
    Endpoint(
        "POST",
        "/orders",
        buy,
        name="buy",
        summary="Buy a number",
        takes="acme/buy.request",
        gives="acme/order",
        status=201,
        limit=Limit(20),
        tells_ignored=True,
        mistakes=(InsufficientBalance, NotFound, OutOfStock),
    ),
    Endpoint("GET", "/orders", orders, name="orders", summary="List", query="acme/orders.query", gives="acme/orders"),
    Endpoint(
        "GET",
        "/orders/{order}",
        show,
        name="show",
        summary="One order",
        path_fields="acme/order.path",
        gives="acme/order",
        limit=Limit(60),
        mistakes=(NotFound,),
        reads_order=True,
    ),
    Endpoint(
        "POST",
        "/orders/{order}/cancel",
        cancel,
        name="cancel",
        summary="Give a number back",
        path_fields="acme/order.path",
        gives="acme/order",
        mistakes=(NotFound, NotTaken, TooEarly),
    ),
)

"""Units of work, on a store in memory and without HTTP."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from mockserver.domain.errors import InsufficientBalance, Invalid, NotFound, NotTaken, OutOfStock, TooEarly
from mockserver.domain.orders import Order
from mockserver.engine.effects import Timer
from mockserver.engine.rules import Rule
from mockserver.sandbox import ledger, orders
from mockserver.sandbox.provider_rules import UnitOfWorkPort
from mockserver.sandbox.view import PastView
from mockserver.webhooks.model import Notice
from tests.sandbox.support import HOOK, SHOP, Inside, Request, everything, inside, shop
from tests.support import START

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)


@pytest.fixture
async def world() -> Inside:
    return await inside()


async def placed(world: Inside, **more: Any) -> Order:
    async with world.turns.begin("order") as unit:
        return await world.place(unit, **more)


async def timers(world: Inside, order: Order) -> list[tuple[str, float]]:
    """Each timer's event and in how many seconds it is due."""
    async with world.turns.begin("a look") as unit:
        found = await orders.timers_of(unit.tx, order)
        return [(one.event, (one.due - unit.now).total_seconds()) for one in found]


async def causes(world: Inside, account: str = "demo") -> list[tuple[str, int]]:
    """What moved the wallet since its opening."""
    async with world.turns.begin("a look") as unit:
        return [(one.cause, one.signed) for one in (await ledger.movements(unit.tx, SHOP, account))[1:]]


# -- to place --------------------------------------------------------------------------------------------------------


async def test_a_new_order_is_paid_for_kept_listed_and_on_its_way(world: Inside) -> None:
    order = await placed(world, stock="row")
    assert order == await world.order("P000001")
    assert (order.state, order.visit, order.amount, order.sequence) == ("waiting", 1, 500, 1)
    assert (order.created_at, order.rule, order.plan) == (START, None, None)
    assert order.facts == {"size": "small", "stock": "row"}
    assert await timers(world, order) == [("arrive", 10), ("expire", 60)]
    assert await causes(world) == [("order", -500)]
    async with world.turns.begin("a look") as unit:
        assert await orders.list_orders(unit.tx, SHOP, "demo", shown="Open") == [order]
        assert await orders.list_orders(unit.tx, SHOP, "poor") == []


async def test_what_costs_nothing_moves_nothing(world: Inside) -> None:
    await placed(world, amount=0)
    assert await causes(world) == []


async def test_numbers_go_up_by_one_and_a_given_id_is_taken(world: Inside) -> None:
    found = [(await placed(world)).id, (await placed(world, order_id="mine")).id, (await placed(world)).id]
    assert found == ["P000001", "mine", "P000003"]


@pytest.mark.parametrize(("amount", "paid"), [(100, True), (101, False)])
async def test_a_wallet_pays_up_to_its_last_unit(world: Inside, amount: int, paid: bool) -> None:
    before = await world.balance("poor")
    if paid:
        await placed(world, account="poor", amount=amount)
        assert await world.balance("poor") == 0
        return
    with pytest.raises(InsufficientBalance):
        await placed(world, account="poor", amount=amount)
    assert await world.balance("poor") == before == 100
    assert (await placed(world)).id == "P000001"


async def test_the_rule_that_matches_the_request_decides_the_life(world: Inside) -> None:
    caller = Request(world.state)
    async with world.turns.begin("order", caller=caller) as unit:
        order = await world.place(unit, facts={"size": "lost"})
    assert (order.rule, order.plan, caller.asked) == ("never-there", {"never": ["arrive"]}, ["life"])
    assert await timers(world, order) == [("expire", 60)]
    assert caller.orders == [order.id]


async def test_what_only_goes_with_the_request_is_matched_and_not_kept(world: Inside) -> None:
    caller = Request(world.state)
    async with world.turns.begin("order", caller=caller) as unit:
        order = await world.place(unit, facts={"colour": "red"}, about={"size": "lost"})
    assert order.rule == "never-there"
    assert order.facts == {"size": "small", "colour": "red"}


async def test_a_provider_may_amend_what_was_decided(world: Inside) -> None:
    given: list[Rule | None] = []

    def amend(rule: Rule | None) -> Rule | None:
        given.append(rule)
        return Rule("own", (), {"start": "held"})

    order = await placed(world, amend=amend)
    assert (given, order.rule, order.state) == ([None], "own", "held")


async def test_orders_of_a_past_that_is_invented_remember_to_be_quiet(world: Inside) -> None:
    await world.hook()
    async with world.turns.begin("order", view=PastView(world.state, quiet_until=START + 20 * SECOND)) as unit:
        early = await world.place(unit)
    async with world.turns.begin("order", view=PastView(world.state, quiet_until=START + 5 * SECOND)) as unit:
        late = await world.place(unit)
    world.pass_by(10)
    assert (await world.order(early.id)).state == (await world.order(late.id)).state == "done"
    async with world.turns.begin("a look") as unit:
        assert [row[0].order for row in await world.deliveries.listing(unit)] == [late.id]


# -- to send, to ring ------------------------------------------------------------------------------------------------


async def test_an_event_is_one_step_with_all_that_follows(world: Inside) -> None:
    await world.hook()
    order = await placed(world, facts={"discount_pct": 10})
    world.pass_by(3)
    caller = Request(world.state)
    async with world.turns.begin("a test", caller=caller) as unit:
        done = await unit.send(order, "arrive", {"text": "here"})
    assert (done.state, done.facts["text"], caller.orders) == ("done", "here", [order.id])
    assert done.history[-1].cause == "arrive by a test"
    assert await causes(world) == [("order", -500), ("cashback: arrive by a test", 50)]
    assert (await world.account()).total_spent == 500
    assert await timers(world, done) == []
    async with world.turns.begin("a look") as unit:
        ((delivery, due),) = await world.deliveries.listing(unit)
        assert await orders.count_orders(unit.tx, SHOP, "demo", shown="Open") == 0
        assert await orders.count_orders(unit.tx, SHOP, "demo", shown="Done") == 1
    assert (delivery.event, delivery.body, delivery.url, due) == (
        "parcel.done",
        f"{order.id} Done",
        HOOK,
        START + 3 * SECOND,
    )


@pytest.mark.parametrize(
    ("seconds", "event", "refusal"), [(0, "cancel", TooEarly), (1.5, "cancel", TooEarly), (3, "pay", NotTaken)]
)
async def test_an_event_that_is_refused_leaves_everything(
    world: Inside, seconds: float, event: str, refusal: type[NotTaken]
) -> None:
    order = await placed(world)
    world.pass_by(seconds)
    async with world.turns.begin("a look") as unit:
        before = await everything(unit.tx)
    with pytest.raises(refusal):
        async with world.turns.begin("a test") as unit:
            await unit.send(order, event)
    async with world.turns.begin("a look") as unit:
        assert await everything(unit.tx) == before


async def test_a_timer_of_an_earlier_visit_or_of_nobody_rings_for_nothing(world: Inside) -> None:
    order = await placed(world)
    async with world.turns.begin("a test") as unit:
        held = await unit.send(order, "hold")
    async with world.turns.begin("a look") as unit:
        before = await everything(unit.tx)
        for timer in (Timer("arrive", START, 1, 0), Timer("pay", START, 2, 0)):
            await unit.ring(SHOP, order.id, timer)
        await unit.ring(SHOP, "nobody", Timer("arrive", START, 1, 0))
        assert await everything(unit.tx) == before
        await unit.ring(SHOP, order.id, Timer("arrive", START, 2, 0))
    assert (held.state, (await world.order(order.id)).state) == ("held", "done")


async def test_what_follows_by_itself_outlives_the_visit_it_was_set_in(world: Inside) -> None:
    order = await placed(world)
    async with world.turns.begin("a test") as unit:
        order = await unit.send(order, "ask")
        order = await unit.send(order, "ask")
    assert await timers(world, order) == [("note", 5), ("note", 5), ("arrive", 10), ("expire", 60)]
    world.pass_by(5)
    assert (await world.order(order.id)).facts["notes"] == 2
    world.pass_by(5)
    done = await world.order(order.id)
    assert (done.state, done.facts["notes"]) == ("done", 3)


async def test_facts_can_be_written_without_an_event(world: Inside) -> None:
    order = await placed(world)
    async with world.turns.begin("a test") as unit:
        await unit.amend(order, {"colour": "red"})
    assert await world.order(order.id) == order._replace(facts={**order.facts, "colour": "red"})


async def test_an_order_is_its_account_s_alone_and_looking_it_up_notes_it(world: Inside) -> None:
    order, caller = await placed(world), Request(world.state)
    async with world.turns.begin("a look", caller=caller) as unit:
        demo, poor = await unit.account(SHOP, "demo"), await unit.account(SHOP, "poor")
        assert await unit.own_order(demo, order.id) == order
        with pytest.raises(NotFound):
            await unit.own_order(poor, order.id)
        with pytest.raises(NotFound):
            await unit.own_order(demo, "P000009")
    assert caller.orders == [order.id]


async def test_an_order_is_found_under_another_way_of_writing_its_id() -> None:
    world = await inside(rules=shop(read_id=lambda dice, text: text.replace("-", "")))
    order = await placed(world)
    assert await world.order("P-000-001") == order


# -- stock -----------------------------------------------------------------------------------------------------------


async def take(world: Inside, caller: Request | None = None, *, stock: int = 2, size: str = "small") -> None:
    async with world.turns.begin("order", caller=caller) as unit:
        await unit.take_stock("row", stock=stock, about={"size": size})


async def test_so_many_can_be_taken_and_no_more(world: Inside) -> None:
    for _ in range(2):
        await take(world)
    with pytest.raises(OutOfStock):
        await take(world)
    async with world.turns.begin("a look") as unit:
        assert (await unit.sold("row"), await unit.sold("another")) == (2, 0)


async def test_a_rule_makes_stock_scarce_for_who_it_matches_as_often_as_it_says(world: Inside) -> None:
    for account in ("demo", "demo", "poor"):
        with pytest.raises(OutOfStock):
            await take(world, Request(world.state, account=account), size="rare")
    await take(world, Request(world.state, operation="look"), size="rare")
    await take(world, Request(world.state), size="rare")


async def test_a_rule_is_asked_once_in_a_unit_for_each_thing(world: Inside) -> None:
    caller = Request(world.state)
    async with world.turns.begin("prices", caller=caller) as unit:
        rare = [unit.stock_of(5, {"size": "rare"}) for _ in range(3)]
        small = [unit.stock_of(5, {"size": "small"}) for _ in range(3)]
        with pytest.raises(OutOfStock):
            await unit.take_stock("row", stock=5, about={"size": "rare"})
    assert (rare, small) == ([0, 0, 0], [5, 5, 5])
    assert caller.asked == ["stock", "stock"]


async def test_a_rule_gives_no_more_than_there_are(world: Inside) -> None:
    async with world.turns.begin("prices", caller=Request(world.state)) as unit:
        assert unit.stock_of(0, {"size": "small"}) == 0
        assert unit.most_in_stock({"size": "small"}) is None
        assert unit.most_in_stock({"size": "rare"}) == 0
    async with world.turns.begin("prices") as unit:
        assert unit.most_in_stock({"size": "rare"}) is None


async def test_what_is_cancelled_can_be_taken_again(world: Inside) -> None:
    async with world.turns.begin("order") as unit:
        await unit.take_stock("row", stock=1)
        order = await world.place(unit, stock="row")
    with pytest.raises(OutOfStock):
        await take(world, stock=1)
    world.pass_by(5)
    async with world.turns.begin("a test") as unit:
        await unit.send(order, "cancel")
    await take(world, stock=1)
    assert await causes(world) == [("order", -500), ("refund: cancel by a test", 500)]


# -- whole or not at all ---------------------------------------------------------------------------------------------


class Broken(Exception):
    """What goes wrong."""


async def broken_notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    raise Broken


def broken_message(unit: UnitOfWorkPort, order: Order, kind: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Invalid({"text": ["is wrong"]})


@pytest.mark.parametrize(
    ("rules", "error"), [(shop(notices=broken_notices), Broken), (shop(compose=broken_message), Invalid)]
)
async def test_a_step_that_fails_on_its_way_leaves_nothing(rules: Any, error: type[Exception]) -> None:
    world = await inside(rules=rules)
    order = await placed(world, facts={"discount_pct": 50}, stock="row")
    async with world.turns.begin("a look") as unit:
        before = await everything(unit.tx)
    with pytest.raises(error):
        async with world.turns.begin("a test") as unit:
            await unit.send(order, "arrive")
    async with world.turns.begin("a look") as unit:
        assert await everything(unit.tx) == before


async def test_whatever_a_unit_did_before_it_failed_is_undone(world: Inside) -> None:
    order = await placed(world)
    world.pass_by(5)
    async with world.turns.begin("a look") as unit:
        before = await everything(unit.tx)

    async def fail() -> None:
        async with world.turns.begin("a test") as unit:
            await unit.take_stock("row", stock=1)
            await world.place(unit, account="poor", amount=100)
            await unit.send(order, "cancel")
            await unit.next_number("anything")
            await unit.amend(order, {"colour": "red"})
            raise Broken

    with pytest.raises(Broken):
        await fail()
    async with world.turns.begin("a look") as unit:
        assert await everything(unit.tx) == before
    assert world.turns.next_timer == START + 10 * SECOND
    assert (await world.order(order.id)) == order

"""Units of work run one after the other, each commits whole, and due timers fire before them."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.orders import Order
from mockserver.sandbox import transactions as turns_module
from mockserver.sandbox.state import SandboxState
from mockserver.stores.memory import MemoryStore
from tests.sandbox.support import QUICK, SHOP, Inside, Receiver, everything, inside, new_state, server, shop
from tests.support import START

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)


class Broken(Exception):
    """What goes wrong."""


async def placed(world: Inside) -> Order:
    async with world.turns.begin("order") as unit:
        return await world.place(unit)


async def fails(world: Inside, *, place: bool = False) -> None:
    """A unit that fails at its end; first it places an order, where told to."""
    async with world.turns.begin("a test") as unit:
        if place:
            await world.place(unit)
        raise Broken


async def test_units_come_one_after_the_other_in_the_order_in_which_they_were_asked_for() -> None:
    world = await inside()
    seen: list[str] = []

    async def count(name: str) -> None:
        async with world.turns.begin(name) as unit:
            seen.append(f"{name} begins")
            number = await unit.next_number("shared")
            await asyncio.sleep(0)
            seen.append(f"{name} has {number}")

    await asyncio.gather(*(count(name) for name in "abc"))
    assert seen == [text for number, name in enumerate("abc", 1) for text in (f"{name} begins", f"{name} has {number}")]


@pytest.mark.parametrize("how", ["raises", "is cancelled"])
async def test_a_unit_that_ends_badly_lets_the_next_one_in_and_leaves_nothing(how: str) -> None:
    world = await inside()

    async def fail() -> None:
        async with world.turns.begin("a test") as unit:
            await unit.next_number("shared")
            if how == "raises":
                raise Broken
            await asyncio.Event().wait()

    task = asyncio.ensure_future(fail())
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises((Broken, asyncio.CancelledError)):
        await task
    assert not world.turns.lock.locked()
    async with world.turns.begin("a test") as unit:
        assert await unit.next_number("shared") == 1


async def test_a_unit_that_cannot_begin_lets_the_next_one_in(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await inside()

    def broken(store: MemoryStore) -> object:
        raise Broken

    with monkeypatch.context() as patched:
        patched.setattr(MemoryStore, "transaction", broken)
        with pytest.raises(Broken):
            await placed(world)
    assert (await placed(world)).id == "P000001"


# -- what is due -----------------------------------------------------------------------------------------------------


async def test_whoever_begins_a_unit_finds_everything_due_applied() -> None:
    world = await inside()
    order = await placed(world)
    world.pass_by(10)
    async with world.turns.begin("a look", settle=False) as unit:
        assert (await unit.order(SHOP, order.id)).state == "waiting"
    async with world.turns.begin("a look") as unit:
        done = await unit.order(SHOP, order.id)
    assert (done.state, done.entered_at) == ("done", START + 10 * SECOND)


async def test_what_is_due_is_applied_even_before_a_unit_that_fails() -> None:
    world = await inside()
    order = await placed(world)
    await world.hook()
    world.pass_by(60)
    with pytest.raises(Broken):
        await fails(world)
    async with world.turns.begin("a look", settle=False) as unit:
        assert (await unit.order(SHOP, order.id)).state == "done"
    # Something may have come into the outbox meanwhile, so somebody has to look, at once.
    assert world.expected[-1] == START + 60 * SECOND


async def test_each_timer_sees_its_own_moment_as_now_and_they_come_in_order() -> None:
    world = await inside(QUICK.replace("after: 10s, to: done", "after: 10s, to: held"))
    orders = [await placed(world)]
    world.pass_by(4)
    orders.append(await placed(world))
    world.pass_by(1_000)
    async with world.turns.begin("a look") as unit:
        found = [await unit.order(SHOP, one.id) for one in orders]
    assert [one.entered_at for one in found] == [START + 10 * SECOND, START + 14 * SECOND]
    assert [one.history[-1].cause for one in found] == ["timer arrive"] * 2


async def test_the_next_timer_is_known_after_each_unit_and_told_with_the_next_delivery() -> None:
    world = await inside()
    assert (world.turns.next_timer, world.expected[-1:]) == (None, [])
    order = await placed(world)
    assert (world.turns.next_timer, world.expected) == (START + 10 * SECOND, [START + 10 * SECOND])
    await world.hook()
    world.pass_by(3)
    async with world.turns.begin("a test") as unit:
        await unit.send(order, "arrive")
    assert (world.turns.next_timer, world.expected[-1]) == (None, START + 3 * SECOND)
    await world.send_due()
    assert world.expected[-1] is None


async def test_a_unit_that_touches_nothing_due_tells_nobody() -> None:
    world = await inside()
    await placed(world)
    told = list(world.expected)
    async with world.turns.begin("a look") as unit:
        await unit.next_number("anything")
    await world.balance()
    assert world.expected == told


async def test_a_refused_unit_leaves_the_next_timer_as_it_was() -> None:
    world = await inside()
    await placed(world)
    world.pass_by(1)
    with pytest.raises(Broken):
        await fails(world, place=True)
    assert world.turns.next_timer == START + 10 * SECOND


async def test_so_many_are_fired_as_are_asked_for_and_only_under_the_same_clock() -> None:
    world = await inside()
    for _ in range(5):
        await placed(world)
    clock = world.state.clock
    clock.move_to(START + 10 * SECOND)
    assert await world.turns.fire(START + 9 * SECOND, most=9, clock=clock) == 0
    assert await world.turns.fire(START + 10 * SECOND, most=2, clock=clock) == 2
    assert await world.turns.fire(START + 10 * SECOND, most=9, clock=new_state().clock) == 0
    assert await world.turns.fire(START + 10 * SECOND, most=9, clock=clock) == 3
    assert world.turns.next_timer is None


async def test_many_in_a_row_leave_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "IN_A_ROW", 4)
    world = await inside()
    for _ in range(20):
        await placed(world)
    world.pass_by(10)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.ensure_future(beat())
    await world.balance()
    beating.cancel()
    assert beats >= 20 // 4 - 1


async def test_one_moment_is_now_for_the_whole_unit() -> None:
    world = await inside()
    async with world.turns.begin("a test") as unit:
        world.pass_by(5)
        assert unit.now == START
        order = await world.place(unit)
    assert order.created_at == START


# -- views and other states ------------------------------------------------------------------------------------------


async def test_a_view_is_applied_under_the_lock_to_the_state_that_is_there_then() -> None:
    world = await inside()
    seen: list[SandboxState] = []

    def view(state: SandboxState) -> SandboxState:
        assert world.turns.lock.locked()
        seen.append(state)
        return replace(state, quiet_until=START)

    waiting = world.turns.begin("a test", view=view)
    other = new_state(server(), seed="other")
    world.turns.state = other
    async with waiting as unit:
        assert unit.state == replace(other, quiet_until=START)
    async with world.turns.begin("a test") as unit:
        assert unit.state is other
    assert seen == [other]


# -- time is a line --------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.sampled_from(["place", "ask", "hold", "cancel"]), st.integers(0, 12)), max_size=8),
    st.lists(st.integers(1, 25), min_size=1, max_size=10),
)
def test_many_small_steps_equal_one_big_step(story: list[tuple[str, int]], steps: list[int]) -> None:
    async def live(steps: list[int]) -> tuple[dict[str, object], list[tuple[str, str]]]:
        receiver = Receiver()
        world = await inside(sender=receiver)
        await world.hook()
        orders: list[str] = []
        for action, seconds in story:
            async with world.turns.begin("a test") as unit:
                if action == "place" or not orders:
                    orders.append((await world.place(unit)).id)
                elif (one := await unit.order(SHOP, orders[-1])).state == "waiting" and action != "cancel":
                    await unit.send(one, action)
            await forward(world, [seconds])
        await forward(world, steps)
        async with world.turns.begin("a look") as unit:
            return dict(await everything(unit.tx)), receiver.events

    assert asyncio.run(live(steps)) == asyncio.run(live([sum(steps)]))


async def forward(world: Inside, steps: list[int]) -> None:
    """Move time as the timeline does: to each thing that is due on the way, then to the end."""
    for seconds in steps:
        end: datetime = world.state.clock.now() + seconds * SECOND
        while True:
            async with world.turns.begin("clock", settle=False) as unit:
                moments = [await unit.tx.next_due("timers"), await unit.tx.next_due("outbox")]
            due = min((one for one in moments if one is not None and one <= end), default=None)
            if due is None:
                break
            world.state.clock.reach(due)
            await world.turns.fire(due, most=100, clock=world.state.clock)
            await world.send_due()
        world.state.clock.move_to(end)


async def test_a_timer_that_fails_is_dropped_and_told_and_nothing_of_it_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*arguments: object) -> dict[str, object]:
        raise Broken("no such note")

    world = await inside(rules=shop(compose=broken))
    order, other = await placed(world), await placed(world)
    world.pass_by(30)
    assert (await world.order(order.id)).state == "waiting"
    assert (await world.order(other.id)).state == "waiting"
    failures = world.turns.failures.since(0)
    assert [one.id for one in failures] == [f"{SHOP}/{order.id}/0", f"{SHOP}/{other.id}/0"]
    assert failures[0].reason == "the timer was dropped: Broken: no such note"
    assert world.turns.next_timer == START + 60 * SECOND
    assert "timer shop/P000001/0 was dropped" in caplog.text

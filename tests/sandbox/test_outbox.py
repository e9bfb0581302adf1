"""The outbox, with a function as receiver: which deliveries are due, their order, retries and log."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.errors import NotFound, Unauthenticated
from mockserver.domain.orders import Order
from mockserver.journal.redact import HIDDEN
from mockserver.sandbox import deliveries, delivery_log, failures
from mockserver.sandbox.provider_rules import UnitOfWorkPort
from mockserver.webhooks.backoff import RetryPolicy
from mockserver.webhooks.model import Delivery, Outcome
from tests.sandbox.support import HOOK, PAUSE, Inside, Receiver, inside, shop
from tests.support import START

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)
FINE = Outcome("delivered", 200)
BROKEN = Outcome("answered", 500, body="broken")
GONE = Outcome("answered", 410)


async def hooked(*answers: Outcome, **more: object) -> tuple[Inside, Receiver]:
    """A world whose demo account has a webhook, and who receives it."""
    receiver = Receiver(list(answers) or [FINE])
    world = await inside(sender=receiver, **more)  # type: ignore[arg-type]
    await world.hook()
    return world, receiver


async def arrived(world: Inside, *, url: str | None = None) -> Order:
    """An order that has come to its end, so that there is something to tell."""
    if url is not None:
        await world.hook(url)
    async with world.turns.begin("order") as unit:
        return await unit.send(await world.place(unit), "arrive")


async def log(world: Inside) -> list[tuple[str, int, float | None]]:
    """Of each delivery, newest first: its state, its attempts, and in how many seconds the next one is due."""
    async with world.turns.begin("a look") as unit:
        rows = await world.deliveries.listing(unit)
        return [
            (one.state, len(one.attempts), (due - unit.now).total_seconds() if due is not None else None)
            for one, due in rows
        ]


async def test_what_is_due_is_sent_and_written_down() -> None:
    world, receiver = await hooked()
    order = await arrived(world)
    assert await log(world) == [("pending", 0, 0)]
    assert receiver.got == []
    assert await world.send_due() == (1, 0)
    assert receiver.events == [("parcel.done", f"{order.id} Done")]
    assert await log(world) == [("delivered", 1, None)]
    assert await world.send_due() == (0, 0)
    assert len(receiver.got) == 1


async def test_what_failed_is_sent_again_after_its_pause_and_then_no_more() -> None:
    world, receiver = await hooked(BROKEN)
    await arrived(world)
    assert await world.send_due() == (0, 1)
    assert await log(world) == [("pending", 1, PAUSE.total_seconds())]
    assert await world.send_due() == (0, 0)
    world.pass_by(PAUSE.total_seconds())
    assert await world.send_due() == (0, 1)
    assert await log(world) == [("failed", 2, None)]
    assert [one.id for one in receiver.got] == ["dlv_00000001"] * 2
    async with world.turns.begin("a look") as unit:
        found = await world.deliveries.find(unit, "dlv_00000001")
        with pytest.raises(NotFound):
            await world.deliveries.find(unit, "dlv_00000002")
    assert [one.at for one in found.attempts] == [START, START + PAUSE]
    assert [one.outcome for one in found.attempts] == [BROKEN] * 2


@given(st.lists(st.sampled_from([FINE, BROKEN, GONE]), min_size=1, max_size=6), st.integers(0, 4))
def test_so_many_pauses_so_many_further_tries_until_one_is_taken(answers: list[Outcome], pauses: int) -> None:
    async def do() -> None:
        rules = shop(retries=RetryPolicy((PAUSE,) * pauses))
        world, receiver = await hooked(*answers, rules=rules)
        await arrived(world)
        for _ in range(8):
            await world.send_due()
            world.pass_by(PAUSE.total_seconds())
        padded = [*answers, *[answers[-1]] * 8][: pauses + 1]
        last = next((n for n, one in enumerate(padded) if one is not BROKEN), pauses)
        assert len(receiver.got) == last + 1
        state = "delivered" if padded[last] is FINE else "failed"
        assert await log(world) == [(state, last + 1, None)]

    asyncio.run(do())


async def test_a_receiver_that_is_gone_is_told_to_the_provider() -> None:
    told: list[str] = []

    async def gone(unit: UnitOfWorkPort, delivery: Delivery) -> None:
        told.append(delivery.id)

    world, _ = await hooked(GONE, rules=shop(gone=gone))
    await arrived(world)
    assert await world.send_due() == (0, 1)
    assert told == ["dlv_00000001"]
    assert await log(world) == [("failed", 1, None)]


class Gate:
    """Holds each delivery until it is let through, and notes the order in which they come and go."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.open = asyncio.Event()

    async def __call__(self, delivery: Delivery) -> Outcome:
        self.seen.append(f"{delivery.id[-1]} comes")
        await self.open.wait()
        self.seen.append(f"{delivery.id[-1]} goes")
        return FINE


async def started(world: Inside) -> None:
    async with world.turns.begin("clock") as unit:
        await world.deliveries.start_due(unit)
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_receiver_gets_one_after_the_other_and_another_one_does_not_wait() -> None:
    gate = Gate()
    world = await inside(sender=gate)
    for url in (HOOK, f"{HOOK}/other-path", "http://127.0.0.1:2/"):
        await arrived(world, url=url)
    await started(world)
    assert gate.seen == ["1 comes", "3 comes"]
    assert world.deliveries.unawaited
    gate.open.set()
    ran = await world.deliveries.wait()
    assert (ran.delivered, ran.failed) == (3, 0)
    assert gate.seen.index("1 goes") < gate.seen.index("2 comes")
    assert not world.deliveries.unawaited


async def test_a_delivery_under_way_is_claimed_and_nobody_begins_it_again() -> None:
    gate = Gate()
    world = await inside(sender=gate)
    await arrived(world, url=HOOK)
    await started(world)
    await started(world)
    assert gate.seen == ["1 comes"]
    assert await log(world) == [("pending", 0, None)]
    await world.deliveries.cancel()
    assert (await log(world), gate.seen) == ([("pending", 0, None)], ["1 comes"])


async def test_whoever_waits_waits_for_what_nobody_else_waits_for() -> None:
    gate = Gate()
    world = await inside(sender=gate)
    await arrived(world, url=HOOK)
    await started(world)
    first = asyncio.ensure_future(world.deliveries.wait())
    await asyncio.sleep(0)
    second = await world.deliveries.wait()
    assert (second.delivered, second.failed) == (0, 0)
    gate.open.set()
    assert (await first).delivered == 1


async def test_an_answer_that_came_is_written_down_though_everything_ends() -> None:
    world, _ = await hooked()
    await arrived(world)
    async with world.turns.begin("clock") as unit:
        (attempt,) = await world.deliveries.start_due(unit)
        # The attempt has its answer; only this unit keeps it from being written down.
        for _ in range(20):
            await asyncio.sleep(0)
        ending = asyncio.ensure_future(world.deliveries.cancel())
        await asyncio.sleep(0)
    await ending
    assert attempt.cancelled()
    assert await log(world) == [("delivered", 1, None)]


async def test_what_is_signed_for_one_attempt_goes_with_it_and_into_the_log() -> None:
    async def sign(unit: UnitOfWorkPort, delivery: Delivery, now: object) -> dict[str, str]:
        return {"x-signature": f"{unit.identity} {len(delivery.body)}"}

    world, receiver = await hooked(rules=shop(sign=sign))
    await arrived(world)
    await world.send_due()
    assert receiver.got[0].headers == {"x-signature": "here 12"}
    async with world.turns.begin("a look") as unit:
        found = await world.deliveries.find(unit, "dlv_00000001")
    assert (found.headers, found.attempts[0].signed) == ({}, {"x-signature": "here 12"})


async def test_what_nobody_can_sign_fails_without_being_sent() -> None:
    async def sign(unit: UnitOfWorkPort, delivery: Delivery, now: object) -> dict[str, str]:
        raise Unauthenticated("nobody to sign for")

    world, receiver = await hooked(rules=shop(sign=sign, retries=RetryPolicy()))
    await arrived(world)
    assert await world.send_due() == (0, 1)
    assert receiver.got == []
    async with world.turns.begin("a look") as unit:
        found = await world.deliveries.find(unit, "dlv_00000001")
    assert found.attempts[0].outcome == Outcome("refused_target", detail="nobody to sign for")


async def test_cookies_of_a_receiver_are_not_kept() -> None:
    world, _ = await hooked(Outcome("delivered", 200, headers=(("set-cookie", "s3cret"), ("server", "nginx"))))
    await arrived(world)
    await world.send_due()
    async with world.turns.begin("a look") as unit:
        found = await world.deliveries.find(unit, "dlv_00000001")
    assert found.attempts[0].outcome.headers == (("set-cookie", HIDDEN), ("server", "nginx"))


async def test_a_delivery_can_be_sent_once_more_whatever_became_of_it() -> None:
    world, receiver = await hooked(BROKEN, BROKEN, FINE)
    await arrived(world)
    for _ in range(2):
        await world.send_due()
        world.pass_by(PAUSE.total_seconds())
    assert await log(world) == [("failed", 2, None)]
    async with world.turns.begin("a test") as unit:
        assert (await world.deliveries.redeliver(unit, "dlv_00000001")).state == "pending"
    assert await world.send_due() == (1, 0)
    assert await log(world) == [("delivered", 3, None)]
    assert len(receiver.got) == 3


async def test_deliveries_are_found_by_their_order() -> None:
    world, _ = await hooked()
    orders = [await arrived(world) for _ in range(3)]
    async with world.turns.begin("a look") as unit:
        found = [[one.id for one, _ in await world.deliveries.about(unit, order)] for order in orders]
        assert [one.id for one, _ in await world.deliveries.listing(unit, limit=2)] == ["dlv_00000003", "dlv_00000002"]
    assert found == [["dlv_00000001"], ["dlv_00000002"], ["dlv_00000003"]]


async def test_a_scenario_s_fault_keeps_a_delivery_from_being_sent() -> None:
    world, receiver = await hooked(scenarios=["haste"])
    await arrived(world)
    assert await log(world) == [("dropped", 0, None)]
    assert await world.send_due() == (0, 0)
    assert receiver.got == []
    assert list(world.state.faults.counts.values()) == [{"hits": 1, "matched": 1}]


async def test_a_duplicate_is_the_same_delivery_twice() -> None:
    world, receiver = await hooked()
    world.state.faults.arm({"webhook": {"duplicate": 2}}, now=START)
    await arrived(world)
    for _ in range(4):
        await world.send_due()
    assert [one.id for one in receiver.got] == ["dlv_00000001"] * 3
    assert await log(world) == [("delivered", 3, None)]


async def test_finished_deliveries_are_forgotten_in_the_order_in_which_they_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery_log, "LOG_SIZE", 3)
    world, _ = await hooked()
    for _ in range(5):
        await arrived(world)
        await world.send_due()
    async with world.turns.begin("a look") as unit:
        assert [one.id[-1] for one, _ in await world.deliveries.listing(unit)] == ["5", "4", "3"]
        assert (await unit.tx.count("finished"), await unit.tx.count("outbox")) == (3, 0)


async def test_a_full_outbox_takes_no_more_until_something_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "MOST_PENDING", 2)
    world, receiver = await hooked()
    for _ in range(3):
        await arrived(world)
    assert [state for state, *_ in await log(world)] == ["dropped", "pending", "pending"]
    assert await world.send_due() == (2, 0)
    await arrived(world)
    assert await world.send_due() == (1, 0)
    assert len(receiver.got) == 3


async def test_the_newest_failures_and_attempts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST_ATTEMPTS", 5)
    world, _ = await hooked(BROKEN, rules=shop(retries=RetryPolicy((SECOND,) * failures.MOST)))
    await arrived(world)
    for _ in range(failures.MOST + 1):
        await world.send_due()
        world.pass_by(1)
    told = world.deliveries.failures.since(0)
    assert [one.number for one in told] == list(range(2, failures.MOST + 2))
    async with world.turns.begin("a look") as unit:
        found = await world.deliveries.find(unit, "dlv_00000001")
    assert [one.at - START for one in found.attempts] == [
        n * SECOND for n in range(failures.MOST - 4, failures.MOST + 1)
    ]


async def test_a_delivery_whose_signing_breaks_fails_and_the_next_one_is_sent() -> None:
    async def sign(unit: UnitOfWorkPort, delivery: Delivery, real: object) -> dict[str, str]:
        if delivery.id == "dlv_00000001":
            raise KeyError("secret")
        return {}

    world, _ = await hooked(rules=shop(sign=sign, retries=RetryPolicy()))
    await arrived(world)
    await arrived(world)
    assert await world.send_due() == (1, 1)
    assert await log(world) == [("delivered", 1, None), ("failed", 1, None)]
    (failure,) = world.deliveries.failures.since(0)
    assert failure.reason == "could not be made: KeyError"


async def test_a_delivery_whose_attempt_cannot_be_recorded_is_dropped() -> None:
    async def broken(unit: UnitOfWorkPort, delivery: Delivery) -> None:
        raise KeyError("webhook")

    world, _ = await hooked(GONE, rules=shop(gone=broken))
    await arrived(world)
    assert await world.send_due() == (0, 1)
    assert await log(world) == [("failed", 0, None)]
    (failure,) = world.deliveries.failures.since(0)
    assert failure.reason == "the delivery was dropped: KeyError: 'webhook'"


async def test_an_outbox_row_without_its_delivery_is_dropped() -> None:
    world, _ = await hooked()
    async with world.turns.begin("a test") as unit:
        await unit.tx.put("outbox", "dlv_00000009", b"", due=START)
    await arrived(world)
    assert await world.send_due() == (1, 0)
    assert [one.id for one in world.deliveries.failures.since(0)] == ["dlv_00000009"]

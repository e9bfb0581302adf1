"""A use case that fails half-way leaves nothing behind."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from mockserver.domain.orders import Order
from mockserver.engine.machine import Step
from mockserver.sandbox import unit_of_work as work_module
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.webhooks.model import Notice
from tests.acme.rules import RULES
from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio


class Broken(Exception):
    """What the tests let go wrong."""


async def no_notices(work: UnitOfWork, order: Order, event: str) -> list[Notice]:
    raise Broken("the notice cannot be written")


def no_message(work: UnitOfWork, order: Order, kind: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Broken("the message cannot be written")


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running() as made:
        await made.send_to("http://127.0.0.1:1/")
        yield made


def sandbox_of(world: AcmeWorld) -> Sandbox:
    found = world.app.sandboxes.known("default")
    assert found is not None
    return found


def break_trade(world: AcmeWorld, **parts: Any) -> None:
    state = sandbox_of(world).state
    state.provider_rules = {**state.provider_rules, "acme": RULES._replace(**parts)}


async def everything(world: AcmeWorld) -> list[tuple[str, list[Any]]]:
    """All rows of the sandbox; a table that is empty might as well not be there."""
    async with sandbox_of(world).work("a test", settle=False) as work:
        tables = sorted(await work.tx.tables())
        found = [(table, await work.tx.scan(table, limit=10_000)) for table in tables]
    return [(table, rows) for table, rows in found if rows]


@pytest.mark.parametrize("broken", [{"notices": no_notices}, {"compose": no_message}], ids=["notices", "compose"])
async def test_an_event_that_fails_half_way_leaves_nothing(world: AcmeWorld, broken: dict[str, Any]) -> None:
    order = await world.rent()
    before = await everything(world)
    break_trade(world, **broken)
    answer = await world.control("POST", f"/orders/acme/{order}/events", {"event": "sms"})
    assert (answer.status_code, answer.json()["status"]) == (500, 500)
    assert "cannot be written" not in answer.text
    assert await everything(world) == before
    break_trade(world)
    completed = await world.push(order)
    assert completed["state"] == "completed"
    assert len((await world.steer("GET", "/webhooks/deliveries"))["deliveries"]) == 1


async def test_a_message_given_wrongly_leaves_nothing(world: AcmeWorld) -> None:
    order = await world.rent()
    before = await everything(world)
    answer = await world.control("POST", f"/orders/acme/{order}/events", {"event": "sms", "code": ""})
    assert answer.status_code == 422
    assert await everything(world) == before


async def test_a_purchase_that_fails_half_way_charges_and_takes_nothing(
    world: AcmeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_beginning(*given: Any) -> Step:
        raise Broken("no beginning")

    before = await everything(world)
    with monkeypatch.context() as patched:
        patched.setattr(work_module, "begin", no_beginning)
        answer = await world.ask("POST", "/orders", {"service": "chat"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_server_error")
    assert await everything(world) == before
    await world.rent()


async def test_too_little_money_leaves_the_stock_and_the_counters(world: AcmeWorld) -> None:
    before = await everything(world)
    assert (await world.ask("POST", "/orders", {"service": "chat"}, key="acme-poor")).status_code == 402
    assert await everything(world) == before


async def test_an_exception_inside_a_unit_of_work_takes_everything_back(world: AcmeWorld) -> None:
    before = await everything(world)

    async def fail() -> None:
        async with sandbox_of(world).work("a test") as work:
            await work.next_number("something")
            await work.take_stock("something", stock=5)
            raise Broken

    with pytest.raises(Broken):
        await fail()
    assert await everything(world) == before
    async with sandbox_of(world).work("a test") as work:
        assert await work.next_number("something") == 1


async def test_several_bad_changes_of_an_account_change_nothing_at_all(world: AcmeWorld) -> None:
    before = await everything(world)
    changes = {"balance": "7.00", "total_spent": "-1", "colour": "red"}
    answer = await world.control("PATCH", "/accounts/acme/demo", changes)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"total_spent", "colour"}
    assert await everything(world) == before

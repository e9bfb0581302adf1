"""A sandbox restored from its snapshot elsewhere goes on as if nothing had happened."""

import asyncio
import json
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mockserver.app import App
from mockserver.config import Settings
from mockserver.sandbox import snapshot as snapshot_module
from mockserver.webhooks.backoff import RetryPolicy
from tests.outside import AcmeWorld, acme_running
from tests.served import ACME
from tests.state.story import NOWHERE, go_on, live, post
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio


async def snapshot(world: World) -> bytes:
    answer = await world.control("GET", "/state")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.content


async def restore(world: World, state: bytes) -> None:
    answer = await world.control("PUT", "/state", content=state)
    assert answer.status_code == 200, answer.text


async def test_whoever_takes_up_a_snapshot_goes_on_byte_for_byte() -> None:
    async with acme_running() as one:
        await live(one)
        state = await snapshot(one)
        wanted = await go_on(one)
    async with acme_running(seed="other", rate_limits="off") as other:
        await other.rent("mail")
        await restore(other, state)
        assert await snapshot(other) == state
        assert await go_on(other) == wanted


async def test_a_snapshot_restored_where_it_was_taken_undoes_what_came_after() -> None:
    async with acme_running() as world:
        await live(world)
        state = await snapshot(world)
        wanted = await go_on(world)
        await restore(world, state)
        assert (await world.steer("GET", "/clock"))["now"] == json.loads(state)["clock"]["now"]
        assert await snapshot(world) == state
        assert await go_on(world) == wanted


async def test_taking_a_snapshot_changes_nothing() -> None:
    async with acme_running() as world:
        await live(world)
        state = await snapshot(world)
        assert await snapshot(world) == state
        assert (await world.control("HEAD", "/state")).content == b""


async def test_a_snapshot_can_be_read_and_compared_line_by_line() -> None:
    async with acme_running() as world:
        await live(world)
        before = (await snapshot(world)).decode()
        await world.steer("PATCH", "/settings", {"acme.cancel_after": "77s"})
        after = (await snapshot(world)).decode()
    assert before.endswith("\n}\n")
    differing = [line for line in after.splitlines() if line not in before.splitlines()]
    assert [line.strip() for line in differing] == ['"acme.cancel_after": "77s",']
    data = json.loads(before)
    [order] = [one for one in data["tables"]["orders"].values() if one["state"] == "cancelled"]
    assert order["created_at"] == "2026-01-31T12:00:00Z"
    assert order["history"][-1]["cause"].startswith("cancel by cancel req_")
    assert order["facts"]["service"] == "mail"
    assert "base64" not in before


async def test_rows_stand_in_the_order_of_their_keys_and_what_is_due_in_the_order_of_its_coming() -> None:
    async with acme_running() as world:
        await live(world)
        data = json.loads(await snapshot(world))
    for table in data["tables"].values():
        assert list(table) == sorted(table)
    moments = [moment for moment, _ in data["agenda"]["timers"]]
    assert moments == sorted(moments)
    assert len(moments) > 2


async def test_it_holds_the_texts_of_the_machines_that_orders_were_born_with() -> None:
    async with acme_running() as world:
        await live(world)
        data = json.loads(await snapshot(world))
    kept = {(one["origin"], one["use"]): "\n".join(one["text"]) for one in data["scenarios"]["kept"]}
    machines = {one["machine"].rpartition("/")[2] for one in data["tables"]["orders"].values()}
    assert machines <= {origin for origin, _ in kept}
    [past] = [text for (_, use), text in kept.items() if use == "past"]
    assert "after: 45s" in past
    assert sorted(use for origin, use in kept if origin.startswith("own#")) == ["past", "posted"]


async def test_a_scenario_of_a_directory_comes_along_to_a_server_without_it(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    rules = "rules: [{when: {operation: services}, then: {refuse: ProviderError}}]\n"
    (tmp_path / "acme" / "mine.yaml").write_text(f"scenario: mine\nprovider: acme\nabout: Down.\n{rules}")
    async with acme_running(scenarios=(tmp_path,)) as one:
        await one.steer("PUT", "/scenarios/active", ["mine"])
        state = await snapshot(one)
    async with acme_running() as other:
        await restore(other, state)
        answer = await other.ask("GET", "/services")
        assert answer.status_code == 500


async def test_an_account_opened_by_a_posted_scenario_stays_open_and_so_does_one_not_yet_opened() -> None:
    late = "scenario: late\nprovider: acme\nabout: Not active yet.\n"
    late += "accounts: [{id: later, credentials: {key: 'marked-later'}, balance: '1.00'}]\n"
    async with acme_running() as one:
        await live(one)
        await post(one, late)
        state = await snapshot(one)
    async with acme_running() as other:
        await restore(other, state)
        assert (await other.ask("GET", "/balance", key="marked-owl-key")).json()["balance"] == "7.50"
        assert (await other.ask("GET", "/balance", key="new-key")).json()["balance"] == "3.00"
        assert (await other.ask("GET", "/balance", key="marked-later")).status_code == 401
        await other.steer("PUT", "/scenarios/active", ["late"])
        assert (await other.ask("GET", "/balance", key="marked-later")).json()["balance"] == "1.00"


async def test_a_real_clock_runs_on_from_where_it_stood() -> None:
    async with acme_running() as one:
        await one.rent()
        await one.steer("PUT", "/clock", {"mode": "scaled", "rate": 2.5})
        state = await snapshot(one)
    async with started(App(Settings(), [ACME])) as other:
        await restore(other, state)
        clock = await other.steer("GET", "/clock")
        assert (clock["mode"], clock["rate"]) == ("scaled", 2.5)
        assert "2026-01-31T12:00:00" <= clock["now"] < "2026-01-31T12:05:00"


async def test_sandboxes_are_restored_one_by_one() -> None:
    async with acme_running() as world:
        await world.rent()
        state = await snapshot(world)
        beside = world.beside("copy")
        await restore(beside, state)
        assert await snapshot(beside) == state
        await beside.rent("mail")
        assert await snapshot(world) == state


async def test_a_delivery_under_way_is_attempted_again_by_whoever_takes_up() -> None:
    asked = asyncio.Event()
    answering = asyncio.Event()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        asked.set()
        await answering.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    receiver = await asyncio.start_server(receive, "127.0.0.1", 0)
    async with receiver, acme_running() as world:
        url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/"
        await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": url})
        await world.rent()
        moving = asyncio.ensure_future(world.advance("8s"))
        await asyncio.wait_for(asked.wait(), 10)
        state = await snapshot(world)
        assert json.loads(state)["agenda"]["outbox"] == [["2026-01-31T12:00:08Z", "dlv_00000001"]]
        answering.set()
        assert (await moving)["delivered"] == 1
        assert "outbox" not in json.loads(await snapshot(world))["agenda"]
        async with acme_running() as other:
            await restore(other, state)
            await other.advance("0s")
            [delivery] = (await other.steer("GET", "/webhooks/deliveries"))["deliveries"]
            assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 1)


async def test_a_further_try_comes_when_it_was_to_come() -> None:
    rules = ACME.rules._replace(retries=RetryPolicy((timedelta(seconds=30),)))
    provider = replace(ACME, rules=rules)
    async with started(App(frozen_settings(), [provider])) as started_one:
        one = AcmeWorld(started_one.app, started_one.client)
        await one.steer("PATCH", "/accounts/acme/demo", {"webhook_url": NOWHERE})
        await one.rent()
        await one.advance("8s")
        state = await snapshot(one)
    async with started(App(frozen_settings(), [provider])) as other:
        await restore(other, state)
        assert (await other.advance("29s"))["failed"] == 0
        assert (await other.advance("1s"))["failed"] == 1
        [delivery] = (await other.steer("GET", "/webhooks/deliveries"))["deliveries"]
        assert (delivery["state"], [one["at"][-4:] for one in delivery["attempts"]]) == ("failed", [":08Z", ":38Z"])


async def test_a_restore_while_time_is_moved_ends_the_moving() -> None:
    asked = asyncio.Event()
    answering = asyncio.Event()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        asked.set()
        await answering.wait()
        writer.close()

    receiver = await asyncio.start_server(receive, "127.0.0.1", 0)
    async with receiver, acme_running() as world:
        url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/"
        await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": url})
        await world.rent()
        await world.steer("PUT", "/scenarios/active", ["slow-sms"])
        await world.rent()
        state = await snapshot(world)
        moving = asyncio.ensure_future(world.advance("10m"))
        await asyncio.wait_for(asked.wait(), 10)
        await restore(world, state)
        answering.set()
        await moving
        assert await snapshot(world) == state
        assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"


@pytest.mark.parametrize("which", ["take", "restore"])
async def test_while_a_snapshot_is_taken_or_read_other_sandboxes_are_answered(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "mockserver.sandbox.snapshot.write_document" if which == "take" else "mockserver.sandbox.snapshot.read"
    real = getattr(snapshot_module, name.rpartition(".")[2])
    begun, release = threading.Event(), threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        begun.set()
        assert release.wait(20)
        return real(*arguments, **named)

    async with acme_running() as world:
        await live(world)
        state = await snapshot(world)
        monkeypatch.setattr(name, slow)
        other = world.beside("other")
        work = snapshot(world) if which == "take" else restore(world, state)
        under_way = asyncio.ensure_future(work)
        try:
            assert await asyncio.to_thread(begun.wait, 20)
            assert (await other.ask("GET", "/balance")).status_code == 200
            assert not under_way.done()
        finally:
            release.set()
        assert await under_way == (state if which == "take" else None)


async def test_what_asks_a_sandbox_for_work_while_its_snapshot_is_taken_comes_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, begun, release = snapshot_module.write_document, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        begun.set()
        assert release.wait(20)
        return real(*arguments)

    async with acme_running() as world:
        await live(world)
        await world.steer("PUT", "/scenarios/active", ["night"])
        state = await snapshot(world)
        monkeypatch.setattr(snapshot_module, "write_document", slow)
        taking = asyncio.ensure_future(snapshot(world))
        assert await asyncio.to_thread(begun.wait, 20)
        buying = asyncio.ensure_future(world.rent())
        advancing = asyncio.ensure_future(world.advance("1h"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert [buying.done(), advancing.done()] == [False, False]
        release.set()
        assert await taking == state
        await asyncio.gather(buying, advancing)
        monkeypatch.undo()
        assert await snapshot(world) != state

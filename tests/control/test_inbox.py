"""A webhook receiver for tests that have none."""

import asyncio
from typing import Any

import pytest

from mockserver.control import inbox as inbox_module
from mockserver.sandbox import inboxes as inboxes_module
from tests.control.problems import fields_of
from tests.costs import MOST_STICKS, stick
from tests.support import World, heartbeat

pytestmark = pytest.mark.anyio


async def received(world: World, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.steer("GET", f"/inbox/in{query}"))["received"]
    return found


async def test_what_is_sent_is_kept_exactly_as_it_came(world: World) -> None:
    body = '{"a": 1,  "b": "ü"}'
    headers = {"X-Signature": "abc", "Authorization": "Bearer mine"}
    answer = await world.control("POST", "/inbox/in?secret=x&y", content=body.encode(), headers=headers)
    assert answer.status_code == 200
    (message,) = await received(world)
    assert set(message) == {"at", "method", "path", "query", "headers", "body", "json"}
    assert (message["at"], message["method"]) == ("2026-01-31T12:00:00Z", "POST")
    assert (message["path"], message["query"]) == ("/_mock/inbox/in", "secret=x&y")
    assert (message["body"], message["json"]) == (body, {"a": 1, "b": "ü"})
    assert message["headers"]["x-signature"] == "abc"


@pytest.mark.parametrize("body", [b"", b"plain text", b"a=1&b=2", b"\xff\xfe", b"{"])
async def test_what_is_no_json_has_none(world: World, body: bytes) -> None:
    await world.control("POST", "/inbox/in", content=body)
    (message,) = await received(world)
    assert (message["body"], message["json"]) == (body.decode("utf-8", "replace"), None)


async def test_messages_come_oldest_first_and_inboxes_are_apart(world: World) -> None:
    for number in range(3):
        await world.call("POST", "/_mock/inbox/in", json=number)
    await world.call("POST", "/_mock/inbox/other", json=9)
    assert [one["json"] for one in await received(world)] == [0, 1, 2]


async def test_deleting_forgets_messages_and_how_to_answer(world: World) -> None:
    await world.steer("PUT", "/inbox/in", {"status": 500})
    await world.control("POST", "/inbox/in")
    assert (await world.control("DELETE", "/inbox/in")).status_code == 204
    assert (await world.control("DELETE", "/inbox/in")).status_code == 204
    assert await received(world) == []
    assert (await world.control("POST", "/inbox/in")).status_code == 200


async def test_it_answers_as_told_from_then_on(world: World) -> None:
    assert await world.steer("PUT", "/inbox/in", {"status": 503}) == {"status": 503, "delay": 0}
    assert [(await world.control("POST", "/inbox/in")).status_code for _ in range(2)] == [503, 503]
    assert len(await received(world)) == 2
    await world.steer("PUT", "/inbox/in", {})
    assert (await world.control("POST", "/inbox/in")).status_code == 200


async def test_it_waits_before_it_answers_as_told(world: World) -> None:
    await world.steer("PUT", "/inbox/in", {"delay": "1m"})
    sending = asyncio.ensure_future(world.control("POST", "/inbox/in", {"a": 1}))
    (message,) = await asyncio.wait_for(received(world, "?wait=5s"), 5)
    assert (message["json"], sending.done()) == ({"a": 1}, False)
    sending.cancel()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": 99}, "status"),
        ({"status": 600}, "status"),
        ({"status": "ok"}, "status"),
        ({"delay": "soon"}, "delay"),
        ({"delay": "61s"}, "delay"),
        ({"delay": -1}, "delay"),
        ({"body": "x"}, "body"),
    ],
)
async def test_instructions_that_cannot_be_are_422(world: World, body: dict[str, Any], field: str) -> None:
    assert fields_of(await world.control("PUT", "/inbox/in", body)) == [field]
    assert (await world.control("POST", "/inbox/in")).status_code == 200


async def test_waiting_ends_when_enough_has_arrived(world: World) -> None:
    waiting = asyncio.ensure_future(received(world, "?wait=30s&count=2"))
    for number in range(2):
        assert not waiting.done()
        await world.call("POST", "/_mock/inbox/in", json=number)
    assert [one["json"] for one in await asyncio.wait_for(waiting, 5)] == [0, 1]


async def test_waiting_ends_with_what_there_is_when_the_time_is_up(world: World) -> None:
    await world.control("POST", "/inbox/in")
    assert len(await received(world, "?wait=10ms&count=2")) == 1
    assert len(await received(world, "?wait=30s")) == 1


async def test_several_may_wait_for_the_same_message(world: World) -> None:
    waiting = [asyncio.ensure_future(received(world, "?wait=30s")) for _ in range(3)]
    assert await received(world) == []
    await world.control("POST", "/inbox/in", {"a": 1})
    assert [len(found) for found in await asyncio.wait_for(asyncio.gather(*waiting), 5)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("query", "field"),
    [("?wait=soon", "wait"), ("?wait=2m", "wait"), ("?wait=1s&count=0", "count"), ("?wait=1s&count=x", "count")],
)
async def test_a_wait_that_cannot_be_is_422(world: World, query: str, field: str) -> None:
    assert fields_of(await world.control("GET", f"/inbox/in{query}")) == [field]


async def test_an_inbox_keeps_the_newest_and_a_sandbox_so_many_inboxes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes_module, "MOST_RECEIVED", 3)
    monkeypatch.setattr(inboxes_module, "MOST_INBOXES", 2)
    for number in range(5):
        await world.call("POST", "/_mock/inbox/in", json=number)
    assert [one["json"] for one in await received(world)] == [2, 3, 4]
    for name in ("a", "b"):
        await world.control("POST", f"/inbox/{name}")
    assert await received(world) == []


async def test_an_inbox_keeps_so_many_bytes_and_always_the_newest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes_module, "MOST_BYTES", 3_000)
    for body in ("a" * 400, "b" * 400, "c" * 400, "d" * 4_000):
        await world.call("POST", "/_mock/inbox/in", content=body)
        if body[0] == "c":
            assert [one["body"][0] for one in await received(world)] == ["b", "c"]
    assert [one["body"][0] for one in await received(world)] == ["d"]


async def test_heads_count_and_so_do_many_inboxes_of_one_sandbox(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes_module, "MOST_BYTES", 200_000)
    for number in range(20):
        headers = {"X-Long": str(number) + "x" * 20_000}
        await world.call("POST", f"/_mock/inbox/in{number}?q={'y' * 1_000}", headers=headers)
    sandbox = world.app.sandboxes.default
    assert sandbox is not None
    assert 100_000 < sandbox.inbox.held <= 200_000
    assert await received(world) == []
    newest = (await world.steer("GET", "/inbox/in19"))["received"]
    assert len(newest) == 1
    for number in range(20):
        await world.control("DELETE", f"/inbox/in{number}")
    await world.control("DELETE", "/inbox/in")
    assert sandbox.inbox.held == 0
    assert world.app.shared.budget.held == sandbox.journal.held


@pytest.mark.timed
async def test_a_full_inbox_is_shown_without_holding_the_loop_for_long(world: World) -> None:
    body = "[" + "[],".join([""] * 60_000) + "[]]"
    for _ in range(40):
        assert (await world.call("POST", "/_mock/inbox/in", content=body)).status_code == 200
    sandbox = world.app.sandboxes.default
    assert sandbox is not None
    async with heartbeat() as waits:
        written = await inbox_module.write_messages(list(sandbox.inbox.of("in").received))
    assert len(written) > 10_000_000
    assert max(waits) < MOST_STICKS * stick()


@pytest.mark.parametrize("end", [("DELETE", "/sandboxes/gone"), ("POST", "/reset"), ("DELETE", "/inbox/in")])
async def test_who_waits_is_answered_at_once_when_the_inbox_ends(world: World, end: tuple[str, str]) -> None:
    await world.steer("POST", "/sandboxes", {"name": "gone"})
    gone = world.beside("gone")
    waiting = asyncio.ensure_future(gone.steer("GET", "/inbox/in?wait=59s"))
    await asyncio.sleep(0)
    assert not waiting.done()
    async with asyncio.timeout(10):
        await gone.steer(*end)
        assert await waiting == {"received": []}


async def test_its_status_may_be_written_with_a_point(world: World) -> None:
    assert await world.steer("PUT", "/inbox/in", content=b'{"status": 201.0}') == {"status": 201, "delay": 0}
    assert (await world.control("POST", "/inbox/in")).status_code == 201

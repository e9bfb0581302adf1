"""A snapshot that cannot be restored is refused with the reason, and changes nothing."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import __version__
from mockserver.http.body import MOST
from tests.outside import acme_running
from tests.state.story import live
from tests.state.test_snapshot import restore, snapshot
from tests.support import World

pytestmark = pytest.mark.anyio

Data = dict[str, Any]


async def refused(world: World, body: bytes, status: int) -> Data:
    before = await snapshot(world)
    answer = await world.control("PUT", "/state", content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await snapshot(world) == before
    problem: Data = answer.json()
    assert problem["status"] == status
    return problem


async def test_a_newer_version_is_a_conflict_that_names_both() -> None:
    async with acme_running() as world:
        data = json.loads(await snapshot(world))
        problem = await refused(world, json.dumps({**data, "version": "9.8.7"}).encode(), 409)
        assert "'9.8.7'" in problem["detail"]
        assert f"'{__version__}'" in problem["detail"]
        # What the newer version wrote may look quite different.
        await refused(world, json.dumps({"format": data["format"], "version": "9.8.7"}).encode(), 409)


@pytest.mark.parametrize("version", ["", "next", "1", "1.2", "0.1.0000000", "\u0661.\u0662.\u0663"])
async def test_a_version_that_is_none_is_named(version: str) -> None:
    async with acme_running() as world:
        data = json.loads(await snapshot(world))
        problem = await refused(world, json.dumps({**data, "version": version}).encode(), 422)
        assert [error["field"] for error in problem["errors"]] == ["version"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b'"state"', b"{}", b"\xff", b"[" * 100_000])
async def test_what_is_no_snapshot_is_refused(body: bytes) -> None:
    async with acme_running() as world:
        await refused(world, body, 422)


def _first(data: Data, table: str) -> Any:
    rows = data["tables"][table]
    return rows[next(iter(rows))]


def _set(*path: Any, to: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        place: Any = data
        for part in path[:-1]:
            place = next(iter(place.values())) if part is None else place[part]
        place[path[-1]] = to

    return change


def _drop(*path: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        place: Any = data
        for part in path[:-1]:
            place = next(iter(place.values())) if part is None else place[part]
        del place[path[-1]]

    return change


#: Nested more deeply than a row can be.
DEEP: list[Any] = json.loads("[" * 900 + "]" * 900)

WRONG: list[tuple[Callable[[Data], None], str]] = [
    (_drop("clock"), "clock"),
    (_set("more", to=1), "more"),
    (_set("clock", "now", to="yesterday"), "clock.now"),
    (_set("clock", "now", to="2026-01-31T12:00:00"), "clock.now"),
    (_set("clock", "rate", to="-1"), "clock.rate"),
    (_set("clock", "rate", to="NaN"), "clock.rate"),
    (_set("clock", "rate", to=1), "clock.rate"),
    (_set("birth", "seed", to=1.5), "birth.seed"),
    (_set("birth", "scenarios", to=["nobody"]), "birth.scenarios.0"),
    (_drop("birth", "seed"), "birth.seed"),
    (_set("birth", "population", to={"orders": 3}), "birth.population.over"),
    (_set("birth", "settings", to={"nothing": 1}), "birth.settings.nothing"),
    (_set("settings", to={"rate_limits": "maybe"}), "settings.rate_limits"),
    (_set("requests", to=-1), "requests"),
    (_set("requests", to=True), "requests"),
    (_set("tallies", to={"a": "b"}), "tallies.a"),
    (_set("limits", to={"a": {"opened": "2026-01-31T12:00:00Z", "calls": -1}}), "limits.a.calls"),
    (_set("faults", "armed", 0, "id", to=7), "faults.armed.0.id"),
    (_set("faults", "armed", 0, "answer", to={"mistake": "None"}), "faults.armed.0.answer.mistake"),
    (_set("faults", "counts", None, "hits", to=-1), "faults.counts."),
    (_set("faults", "number", to=None), "faults.number"),
    (_set("scenarios", "active", to=["nobody"]), "scenarios.active.0"),
    (_set("scenarios", "kept", to=[]), "scenarios"),
    (_set("scenarios", "kept", 0, "provider", to="nobody"), "scenarios.kept.0.provider"),
    (_set("scenarios", "kept", 0, "use", to="often"), "scenarios.kept.0.use"),
    (_set("scenarios", "kept", 0, "name", to="other"), "scenarios.kept.0.text"),
    (_set("tables", "orders", None, "amount", to="1.00"), "tables.orders."),
    (_set("tables", "orders", None, "amount", to=1 << 70), "tables.orders."),
    (_set("tables", "orders", None, "state", to="nowhere"), "tables.orders."),
    (_set("tables", "orders", None, "machine", to="none"), "tables.orders."),
    (_set("tables", "orders", None, "history", to=[]), "tables.orders."),
    (_set("tables", "orders", None, "history", to=[{"state": "waiting"}]), "tables.orders."),
    (_set("tables", "orders", None, "account", to="nobody"), "tables.orders."),
    (_set("tables", "orders", None, "provider", to="nobody"), "tables.orders."),
    (_set("tables", "orders", None, "id", to="7"), "tables.orders."),
    (_drop("tables", "orders", None, "facts"), "tables.orders."),
    (_set("tables", "timers", None, "timer", "place", to=99), "tables.timers."),
    (_set("tables", "timers", None, "timer", "due", to="2026-02-01T00:00:00Z"), "tables.timers."),
    (_set("tables", "timers", None, "order", to="7"), "tables.timers."),
    (_set("tables", "movements", None, "balance_after", to=7), "tables.movements."),
    (_drop("tables", "wallets", "acme/demo"), "tables.wallets."),
    (_set("tables", "wallets", "acme/demo", to=[1, 1]), "tables.wallets."),
    (_set("tables", "counters", "acme/phone", to=-1), "tables.counters."),
    (_set("tables", "stock", to={"a": "b"}), "tables.stock."),
    (_set("tables", "stock", to={"a": 1.5}), "tables.stock."),
    (_set("tables", "stock", to={"a": {"base64": "?"}}), "tables.stock."),
    (_set("tables", "stock", to={"a": DEEP}), "tables.stock.a"),
    (_set("tables", "accounts", None, "status", to=None), "tables.accounts."),
    (_set("tables", "outbox", to={"dlv_99999999": ""}), "agenda.outbox"),
    (_set("tables", "deliveries", None, "id", to="7"), "tables.deliveries."),
    (_drop("agenda", "timers"), "agenda.timers"),
    (_set("agenda", "timers", to=[["2026-01-31T12:00:00Z", "nobody"]]), "agenda.timers."),
    (_set("agenda", to={"timers": [["2026-01-31T12:00:00Z"]]}), "agenda.timers.0"),
]


async def test_each_mistake_is_named_with_its_place_and_nothing_changes() -> None:
    async with acme_running() as world:
        await live(world)
        data = json.loads(await snapshot(world))
        await world.steer("POST", "/clock/advance", {"by": "1s"})
        for number, (change, place) in enumerate(WRONG):
            changed = copy.deepcopy(data)
            change(changed)
            problem = await refused(world, json.dumps(changed).encode(), 422)
            fields = [one["field"] for one in problem["errors"]]
            assert any(field.startswith(place) for field in fields), (number, place, problem)
        await restore(world, json.dumps(data).encode())


async def test_a_scenario_text_that_is_wrong_is_reported_with_its_place() -> None:
    async with acme_running() as world:
        await live(world)
        data = json.loads(await snapshot(world))
        kept = next(one for one in data["scenarios"]["kept"] if one["use"] == "posted")
        kept["text"][3] = "nonsense: true"
        problem = await refused(world, json.dumps(data).encode(), 422)
        assert {"file", "line", "column", "message"} <= set(problem["errors"][0])


@pytest.mark.slow
async def test_every_value_in_it_may_be_of_a_wrong_type() -> None:
    """No answer is ever a 500, whatever stands anywhere."""
    async with acme_running() as world:
        await live(world)
        data = json.loads(await snapshot(world))
        values: tuple[Any, ...] = (None, 7, "x", [], {})
        for number, (place, key) in enumerate(_places(data)):
            for value in (values[number % 5], values[(number + 2) % 5]):
                was = place[key]
                place[key] = value
                answer = await world.control("PUT", "/state", content=json.dumps(data).encode())
                assert answer.status_code in (200, 409, 422), (key, value, answer.text)
                place[key] = was


def _places(data: Any) -> list[tuple[Any, Any]]:
    """One place of each kind: the first row of a table stands for the others."""
    found: list[tuple[Any, Any]] = []
    items = list(data.items()) if isinstance(data, dict) else list(enumerate(data))
    tabular = isinstance(data, list) or any("/" in key or key.startswith("dlv_") for key in data)
    for key, value in items[: 1 if tabular else None]:
        found.append((data, key))
        if isinstance(value, dict | list) and key != "text":
            found += _places(value)
    return found


async def test_a_snapshot_may_be_larger_than_any_other_body_but_not_without_the_token() -> None:
    async with acme_running(token="right") as world:
        answer = await world.control("GET", "/state", headers={"X-Mock-Token": "right"})
        padded = answer.content + b" " * (MOST + 1)
        refusal = await world.control("PUT", "/state", content=padded)
        assert refusal.status_code == 401
        answer = await world.control("PUT", "/state", content=padded, headers={"X-Mock-Token": "right"})
        assert answer.status_code == 200
        other = await world.control("PATCH", "/settings", content=padded, headers={"X-Mock-Token": "right"})
        assert other.status_code == 413

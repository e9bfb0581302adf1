"""A snapshot whose rows a provider could not read, or that lacks rows which others imply, is refused with the path."""

import copy
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from mockserver.app import App
from mockserver.http.provider import Provider
from tests.served import PROVIDERS
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio
Data = dict[str, Any]
SNAPSHOTS = Path(__file__).parent / "snapshots"
LATE = "9999-12-31T23:59:59Z"


def running(name: str) -> AbstractAsyncContextManager[World]:
    provider: Provider = next(one for one in PROVIDERS if one.name == name)
    return started(App(frozen_settings(), [provider]))


def document(name: str) -> Data:
    found: Data = json.loads((SNAPSHOTS / f"0.1.0-{name}.json").read_bytes())
    return found


def at(data: Data, path: str) -> tuple[Any, str]:
    """The place that a dotted path leads to; `*` is the first key."""
    *way, last = path.split(".")
    for part in way:
        data = next(iter(data.values())) if part == "*" else data[part]
    return data, next(iter(data)) if last == "*" else last


def setting(path: str, value: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        place, key = at(data, path)
        place[key] = value

    return change


def without(path: str) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        place, key = at(data, path)
        del place[key]

    return change


HOOK = "tables.doctorsim_v2 webhooks.*"
ORDER, ACCOUNT = "tables.orders.*", "tables.accounts.*"
WRONG: list[tuple[str, Callable[[Data], None], str]] = [
    ("daisysim", setting("clock.now", LATE), "clock.now"),
    ("daisysim", setting("born_at", LATE), "born_at"),
    ("daisysim", setting("birth.start", LATE), "birth.start"),
    ("daisysim", setting("limits", {"daisysim/demo/buy": {"opened": LATE, "calls": 1}}), "limits.daisysim/demo/buy.op"),
    ("daisysim", setting(f"{ORDER}.created_at", LATE), "tables.orders."),
    ("daisysim", setting(f"{ORDER}.facts", {"a": 1}), "tables.orders."),
    ("daisysim", setting(f"{ORDER}.facts.phone_number", 7), "tables.orders."),
    ("daisysim", without(f"{ORDER}.facts.label"), "tables.orders."),
    ("daisysim", setting(f"{ORDER}.plan", {"delays": {"sms": {"setting": "nosuch"}}}), "tables.orders."),
    ("daisysim", setting(f"{ORDER}.plan", {"start": "moon"}), "tables.orders."),
    ("daisysim", setting(f"{ORDER}.plan", {"faults": [{"key": "a"}]}), "tables.orders."),
    ("daisysim", setting("tables.deliveries.*.hostile", {"delay": "soon"}), "tables.deliveries."),
    ("daisysim", setting("tables.accounts.daisysim/demo.total_spent", -1), "tables.accounts.daisysim/demo.total_spent"),
    ("daisysim", setting(f"{ACCOUNT}.details.email", 7), "tables.accounts."),
    ("daisysim", without("tables.counters"), "tables.counters.daisysim/activation"),
    ("daisysim", setting("tables.counters.daisysim/phone", 0), "tables.counters.daisysim/phone"),
    ("daisysim", setting("tables.counters.deliveries", 0), "tables.counters.deliveries"),
    ("daisysim", setting("tables.counters.daisysim/phone", 10**30), "tables.counters.daisysim/phone"),
    ("daisysim", setting(f"{ORDER}.sequence", 0), "tables.orders."),
    ("daisysim", setting("tables.guests", {"daisysim/demo": 7}), "tables.guests.daisysim/demo"),
    ("daisysim", setting("faults.armed", [{"id": "flt_00000009", "wire": "reset"}]), "faults.number"),
    ("daisysim", setting("tables.movements.odd", {}), "tables.movements.odd"),
    ("hidsim", without("tables.wallets"), "tables.wallets."),
    ("daisysim", without("tables.by_account"), "tables.by_account."),
    ("daisysim", without("tables.by_word.*"), "tables.by_word."),
    ("daisysim", setting("tables.by_word.daisysim/demo/Waiting/0000009999", "7"), "tables.by_word."),
    ("daisysim", without("tables.credentials"), "tables.credentials"),
    ("daisysim", setting("tables.credentials.*", "nobody"), "tables.credentials"),
    ("daisysim", setting("tables.credentials.*", {"base64": "/w=="}), "tables.credentials"),
    ("daisysim", without("tables.stock"), "tables.stock."),
    ("daisysim", setting("tables.parcels", {"a": "b"}), "tables.parcels"),
    ("daisysim", setting("sandbox", "../../x"), "sandbox"),
    ("daisysim", setting("faults.armed", [{"id": "flt_00000001", "delay": {"setting": "y"}}]), "faults.armed.0.delay"),
    ("daisysim", setting("settings", {"nosuch": 1}), "settings.nosuch"),
    ("doctorsim_v1", without(f"{ORDER}.facts.mode"), "tables.orders."),
    ("doctorsim_v1", setting(f"{ACCOUNT}.details.mode", ["a"]), "tables.accounts."),
    ("doctorsim_v2", setting(f"{ORDER}.facts.type", "gift"), "tables.orders."),
    ("doctorsim_v2", setting(f"{ORDER}.facts.sms_notification", None), "tables.orders."),
    ("doctorsim_v2", setting(f"{ACCOUNT}.details.tier", ["a"]), "tables.accounts."),
    ("doctorsim_v2", setting(f"{HOOK}.url", 0), f"{HOOK[:-1]}"),
    ("doctorsim_v2", without(f"{HOOK}.url"), f"{HOOK[:-1]}"),
    ("doctorsim_v2", setting(f"{HOOK}.events", 1.5), f"{HOOK[:-1]}"),
    ("doctorsim_v2", setting(f"{HOOK}.events", [""]), f"{HOOK[:-1]}"),
    ("doctorsim_v2", setting("tables.counters.doctorsim_v2/webhook", 1), "tables.counters.doctorsim_v2/webhook"),
    ("hidsim", setting(f"{ORDER}.facts.service", "nothing"), "tables.orders."),
    ("hidsim", setting(f"{ORDER}.facts.expires_in", "soon"), "tables.orders."),
    ("hidsim", setting(f"{ORDER}.facts.messages", [{"text": "a"}]), "tables.orders."),
    ("hidsim", setting("tables.counters.hidsim/lines/ZZ", 1), "tables.counters.hidsim/lines/ZZ"),
]


@pytest.mark.parametrize("name", [one.name for one in PROVIDERS if one.name != "acme"])
async def test_rows_that_make_no_world_are_refused_with_their_path(name: str) -> None:
    async with running(name) as world:
        data = document(name)
        for number, (_, change, place) in enumerate(row for row in WRONG if row[0] == name):
            changed = copy.deepcopy(data)
            change(changed)
            answer = await world.control("PUT", "/state", content=json.dumps(changed).encode())
            assert answer.status_code == 422, (name, number, place, answer.text)
            fields = [error["field"] for error in answer.json()["errors"]]
            assert any(field.startswith(place) for field in fields), (number, place, fields)
        assert (await world.control("PUT", "/state", content=json.dumps(data).encode())).status_code == 200


async def test_a_key_that_stands_twice_is_refused() -> None:
    async with running("daisysim") as world:
        text = json.dumps(document("daisysim")).replace('"requests":', '"requests": 1, "requests":', 1)
        answer = await world.control("PUT", "/state", content=text.encode())
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "requests")

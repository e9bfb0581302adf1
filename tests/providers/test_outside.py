"""A provider of another distribution has everything that bundled providers have, and nothing else names it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mockserver.app import App
from mockserver.cli import main
from tests.distribution import declare
from tests.served import ACME
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio
FOLDER = Path(__file__).parents[1] / "acme"
BASE = "/api.acme.example/v1"
DEMO = {"Authorization": "Bearer acme-demo"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with started(App(frozen_settings(), [ACME])) as made:
        yield made


def test_it_is_small() -> None:
    assert sum(len(file.read_text().splitlines()) for file in FOLDER.glob("*.py")) <= 300


async def buy_number(world: World, service: str = "chat") -> str:
    answer = await world.call("POST", f"{BASE}/orders", headers=DEMO, json={"service": service})
    assert answer.status_code == 201, answer.text
    order: str = answer.json()["id"]
    return order


async def test_the_index_lists_it_with_its_credentials(world: World) -> None:
    found = (await world.steer("GET", ""))["providers"]["acme"]
    assert found["title"] == "Acme Numbers API"
    assert [one["key"] for one in found["credentials"]] == ["acme-demo", "acme-poor", "acme-closed"]


async def test_its_orders_live_and_are_explained(world: World) -> None:
    order = await buy_number(world)
    await world.advance("8s")
    shown = (await world.call("GET", f"{BASE}/orders/{order}", headers=DEMO)).json()
    assert (shown["state"], len(shown["code"])) == ("completed", 5)
    told = await world.steer("GET", f"/orders/acme/{order}")
    assert [one["state"] for one in told["explanation"]["story"]] == ["waiting", "completed"]


async def test_its_magic_values_are_listed_and_take_effect(world: World) -> None:
    magic = await world.steer("GET", "/magic")
    assert {one["value"] for one in magic["magic"]} == {"silent", "last"}
    silent = await buy_number(world, "silent")
    await world.advance("10m")
    assert (await world.call("GET", f"{BASE}/orders/{silent}", headers=DEMO)).json()["state"] == "waiting"
    await buy_number(world, "last")
    answer = await world.call("POST", f"{BASE}/orders", headers=DEMO, json={"service": "last"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "sold_out")


async def test_its_machine_is_told_and_drawn(world: World) -> None:
    machine = await world.steer("GET", "/machines/acme/activation")
    assert list(machine["states"]) == ["waiting", "completed", "cancelled"]
    drawn = await world.control("GET", "/machines/acme/activation?format=mermaid")
    assert drawn.text.startswith("stateDiagram-v2\n")


async def test_its_scenarios_can_be_active(world: World) -> None:
    await world.steer("PUT", "/scenarios/active", ["down"])
    answer = await world.call("POST", f"{BASE}/orders", headers=DEMO, json={"service": "chat"})
    assert answer.status_code == 500
    assert answer.json() == {"error": {"code": "internal_server_error", "message": "Internal Server Error."}}


async def test_its_webhook_is_in_its_document_and_its_deliveries(world: World) -> None:
    document = await world.steer("GET", "/openapi/acme.json")
    assert list(document["webhooks"]) == ["order.completed"]
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://192.0.2.1/hook"})
    order = await buy_number(world)
    await world.advance("8s")
    [delivery] = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    assert (delivery["event"], delivery["order"]) == ("order.completed", order)


async def test_its_fidelity_is_told_with_the_words_of_the_kit(world: World) -> None:
    [found] = (await world.steer("GET", "/fidelity"))["providers"]
    assert found["provider"] == "acme"
    wordings = {(one["status"], one["code"], one["provenance"]) for one in found["refusals"]["wordings"]}
    assert {(413, "PAYLOAD_TOO_LARGE", "assumed"), (401, "unauthorized", "documented")} <= wordings


def test_its_scenario_files_are_checked_and_its_machine_is_drawn_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(FOLDER / "scenarios")]) == 1
    assert "acme" in capsys.readouterr().out
    monkeypatch.syspath_prepend(declare(tmp_path, acme="tests.acme:PROVIDER"))
    assert main(["check", str(FOLDER / "scenarios")]) == 0
    assert capsys.readouterr().out == "5 files ok\n"
    assert main(["graph", "acme"]) == 0
    assert "waiting --> completed" in capsys.readouterr().out

"""The table of webhook kinds: one more entry is a kind that can be written, checked, armed, suffered and read about."""

import json
from datetime import timedelta
from typing import Any

import pytest

from mockserver.faults import webhook_kinds
from mockserver.faults.model import Posting
from mockserver.faults.webhook_kinds import KINDS, Circumstances, FixedArgument, WebhookKind
from mockserver.scenario.check import check_text
from mockserver.scenario.reference import reference
from mockserver.scenario.schema import scenario_schema
from tests.docs.pages import TOP, read
from tests.outside import acme_running
from tests.webhooks.receivers import Visit, receiving

HEAD = "scenario: bad-day\nprovider: daisysim\nabout: A bad day.\nfaults:\n"


def _check_letter(argument: Any) -> None:
    if not isinstance(argument, str) or len(argument) != 1 or not "a" <= argument <= "z":
        raise ValueError(f"blur must be one letter: {argument!r}")


def _blursed(argument: str, posting: Posting) -> Posting:
    return posting._replace(body=argument * len(posting.body))


def _settled(argument: str, circumstances: Circumstances) -> FixedArgument:
    return FixedArgument(argument, timedelta(seconds=3))


BLUR = WebhookKind(
    "blur",
    "each character replaced, three seconds later",
    {"title": "Blur", "description": "By which letter.", "type": "string", "pattern": "^[a-z]$"},
    _check_letter,
    fix=_settled,
    alter=_blursed,
    copies=lambda argument: 1,
)


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry of the table, and nothing else."""
    monkeypatch.setattr(webhook_kinds, "KINDS", (*KINDS, BLUR))


def messages(faults: str) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in check_text(HEAD + faults, source="f.yaml")]


async def accept(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 204 No Content\r\n\r\n")


# -- an invented kind ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ("{webhook: {blur: q}}", []),
        ("{webhook: {blur: q, duplicate: 2}}", []),
        ("{webhook: {blur: 7}}", ["5:22: blur must be one letter: 7"]),
        ("{webhook: {blurs: q}}", ["5:16: unknown key 'blurs' (did you mean 'blur'?)"]),
    ],
)
def test_an_invented_kind_is_written_in_scenario_files(fault: str, wanted: list[str]) -> None:
    assert messages(f"  - {fault}\n") == wanted


@pytest.mark.usefixtures("invented")
def test_an_invented_kind_is_in_the_schema_the_reference_and_the_control_api() -> None:
    webhook = scenario_schema()["$defs"]["fault"]["properties"]["webhook"]
    assert webhook["properties"]["blur"] == BLUR.schema
    assert "blur (each character replaced, three seconds later)." in reference()
    assert webhook_kinds.control_schema()["description"].endswith(f"{KINDS[-1].name}, blur.")


@pytest.mark.anyio
@pytest.mark.usefixtures("invented")
async def test_an_invented_kind_is_armed_and_suffered() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        refused = await world.control("POST", "/faults", {"webhook": {"blurs": "q"}})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "webhook.blurs")
        assert "did you mean 'blur'?" in refused.text
        await world.steer("POST", "/faults", {"webhook": {"blur": "q"}, "times": 1})
        await world.rent()
        assert (await world.advance("10s"))["delivered"] == 0
        assert (await world.advance("1s"))["delivered"] == 2
        assert [set(visit.body) for visit in receiver.visits] == [{ord("q")}] * 2
        (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
        assert delivery["hostile"] == {"blur": "q"}
        await world.rent()
        await world.advance("8s")
        assert json.loads(receiver.visits[-1].body)["order"]


# -- the table and what is written by hand --------------------------------------------------------------


def test_the_schema_file_says_what_the_table_says() -> None:
    written = json.loads((TOP / "schemas/scenario.schema.json").read_text(encoding="utf-8"))
    assert written["$defs"]["fault"]["properties"]["webhook"] == webhook_kinds.webhook_schema(), (
        "write webhook_schema() into schemas/scenario.schema.json"
    )


def test_the_page_on_faults_has_a_row_for_each_kind() -> None:
    head = "| member of `webhook` | what happens to the delivery |\n| --- | --- |\n"
    table = read("docs/faults.md").partition(head)[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| `{kind.name}` | {kind.about} |" for kind in KINDS]


def test_names_are_unique() -> None:
    assert len({*webhook_kinds.names()}) == len(KINDS)

"""The table of wire kinds: one more entry is a kind that scenario files, checks, faults and docs know."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.cli import main
from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.faults import wire_kinds
from mockserver.faults.connection import Connection, Failure, Message, Send, Transport
from mockserver.faults.wire_kinds import KINDS, Argument, WireKind
from mockserver.scenario.check import check_text, load_scenario
from mockserver.scenario.reference import reference
from mockserver.scenario.schema import scenario_schema
from mockserver.server import LiveServer
from tests.distribution import declare
from tests.docs.pages import TOP, read
from tests.outside import BASE, DEMO, AcmeWorld, acme_app, acme_running
from tests.sockets.wire import Wire, exchange, request

BALANCE = request("GET", f"{BASE}/balance", ("Authorization", "Bearer acme-demo"))
HEAD = "scenario: bad-day\nprovider: acme\nabout: A bad day.\nfaults:\n"


def _mute(connection: Connection, letter: str) -> Send:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            connection.note(muted=len(message["body"]))
            message = {**message, "body": letter.encode() * len(message["body"])}
        await connection.send(message)

    return send


def _hang_up(connection: Connection, argument: None) -> Send:
    def bye(transport: Transport) -> None:
        transport.write(b"bye")
        transport.close()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await connection.end(bye, Failure("hung up (a fault)"))

    return send


def _letter(written: Any) -> str:
    if not isinstance(written, str) or len(written) != 1 or not "a" <= written <= "z":
        raise ValueError(f"not a letter: {written!r}")
    return written


MUTE = WireKind(
    "mute",
    "each byte of the body replaced",
    _mute,
    Argument(
        schema={"title": "Mute", "description": "By which letter.", "type": "string", "pattern": "^[a-z]$"},
        read=_letter,
        example="x",
        usual="z",
        rule="one letter",
    ),
    needs_answer=True,
)
HANG_UP = WireKind("hang_up", "a rude word, then closed", _hang_up)


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more entries of the table, and nothing else."""
    monkeypatch.setattr(wire_kinds, "KINDS", (*KINDS, MUTE, HANG_UP))


@pytest.fixture
def url(invented: None) -> Iterator[str]:
    with LiveServer(acme_app(rate_limits="off")) as live:
        yield live.url


def messages(faults: str) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in check_text(HEAD + faults, source="f.yaml")]


async def balance(world: AcmeWorld, name: str) -> httpx.Response:
    return await world.ask("GET", "/balance", headers={**DEMO, "Prefer": f"mock-fault={name}"})


# -- an invented kind ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("invented")
def test_an_invented_kind_is_written_in_scenario_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(declare(tmp_path / "installed", acme="tests.acme:PROVIDER"))
    file = tmp_path / "acme" / "bad-day.yaml"
    file.parent.mkdir()
    file.write_text(HEAD + "  - {path: /a, wire: {mute: q}}\n  - {path: /b, wire: hang_up}\n")
    assert main(["check", str(file)]) == 0
    capsys.readouterr()
    faults = load_scenario(file.read_text(), source="f.yaml").faults
    assert [fault.wire for fault in faults] == [("mute", "q"), ("hang_up", None)]
    file.write_text(HEAD + "  - {wire: hang-up}\n")
    assert main(["check", str(file)]) == 1
    told = capsys.readouterr().out
    assert ', {"mute": "x"} (one letter) or hang_up' in told


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ("{wire: {mute: 5}}", f"wire must be {KINDS[0].name}, "),
        ("{wire: mute}", f"wire must be {KINDS[0].name}, "),
        ("{wire: {hang_up: 1}}", f"wire must be {KINDS[0].name}, "),
        (
            "{wire: {mute: a}, stage: before}",
            f"{', '.join(kind.name for kind in KINDS if kind.needs_answer)} and mute spoil an answer: ",
        ),
        ("{wire: hang_up, answer: {status: 500}}", "nobody sees the answer: hang_up lets none out"),
    ],
)
def test_mistakes_with_an_invented_kind_are_told_once(fault: str, wanted: str) -> None:
    (message,) = messages(f"  - {fault}\n")
    assert wanted in message


@pytest.mark.usefixtures("invented")
def test_an_invented_kind_is_in_the_schema_and_in_the_reference() -> None:
    wire = scenario_schema()["$defs"]["fault"]["properties"]["wire"]
    assert (wire["then"]["enum"][-1], wire["properties"]["mute"]) == ("hang_up", MUTE.argument and MUTE.argument.schema)
    text = "{mute: x} (each byte of the body replaced) or hang_up (a rude word, then closed)."
    assert text in reference()


def test_an_invented_kind_breaks_connections_and_is_explained(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = exchange(url, BALANCE)
    for wire in ({"mute": "q"}, "hang_up"):
        httpx.post(f"{url}/_mock/faults", json={"wire": wire, "times": 1}).raise_for_status()
    muted = exchange(url, BALANCE)
    assert (muted.status, muted.body) == (200, b"q" * len(whole.body))
    with Wire(url) as wire_end:
        wire_end.send(BALANCE)
        assert wire_end.socket.recv(100) == b"bye"
    entries = httpx.get(f"{url}/_mock/requests?limit=2").json()["requests"]
    hits = [row for one in entries for row in one["faults"] if row["hit"]]
    assert [row["wire"] for row in hits] == ["hang_up", {"mute": "q"}]
    assert hits[1]["muted"] == len(whole.body)
    capsys.readouterr()
    assert main(["explain", "--url", url, entries[1]["id"]]) == 0
    assert "(each byte of the body replaced)" in capsys.readouterr().out


@pytest.mark.usefixtures("invented")
@pytest.mark.anyio
async def test_an_invented_kind_is_asked_for_by_its_name() -> None:
    async with acme_running() as world:
        assert set((await balance(world, "mute")).text) == {"z"}
        with pytest.raises(httpx.RemoteProtocolError, match="hung up"):
            await balance(world, "hang_up")
        assert f"{KINDS[-1].name}, mute, hang_up" in (await balance(world, "mutter")).text
        assert (await world.steer("POST", "/requests/count", {"fault": "mute"}))["count"] == 1
        refused = await world.control("POST", "/requests/count", {"fault": "mutex"})
        assert "did you mean 'mute'?" in refused.text


@pytest.mark.usefixtures("invented")
@pytest.mark.anyio
async def test_an_invented_kind_is_armed_checked_and_kept_in_snapshots() -> None:
    async with acme_running() as world:
        refused = await world.control("POST", "/faults", {"wire": {"mute": "xx"}})
        assert refused.status_code == 422
        assert '{"mute": "x"} (one letter) or hang_up' in str(refused.json()["errors"])
        await world.steer("POST", "/faults", {"wire": {"mute": "k"}})
        snapshot = await world.steer("GET", "/state")
        await world.steer("POST", "/reset")
        await world.steer("PUT", "/state", snapshot)
        assert set((await world.ask("GET", "/balance")).text) == {"k"}


#: The control API's schemas are made when it is imported: the entry stands in the table before.
_PRINT_OPENAPI = """
import asyncio, sys
from mockserver.faults import wire_kinds
wire_kinds.KINDS += (wire_kinds.WireKind("hang_up", "a rude word, then closed", lambda connection, _: connection.send),)
from tests.outside import acme_running

async def main():
    async with acme_running() as world:
        sys.stdout.write((await world.control("GET", "/openapi.json")).text)

asyncio.run(main())
"""


def test_an_invented_kind_is_in_the_openapi_document_of_the_control_api() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", _PRINT_OPENAPI], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout
    operation = json.loads(printed)["paths"]["/_mock/faults"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert " or hang_up." in schema["properties"]["wire"]["description"]


# -- the table and what is written by hand --------------------------------------------------------------


def test_the_schema_file_says_what_the_table_says() -> None:
    written = json.loads((TOP / "schemas/scenario.schema.json").read_text(encoding="utf-8"))
    assert written["$defs"]["fault"]["properties"]["wire"] == wire_kinds.wire_schema(), (
        "write wire_schema() into schemas/scenario.schema.json"
    )
    assert written == scenario_schema()


def test_the_page_on_faults_has_a_row_for_each_kind() -> None:
    head = "| `wire` | what the client sees |\n| --- | --- |\n"
    table = read("docs/faults.md").partition(head)[2].partition("\n\n")[0]
    rows = [
        f"| `{json.dumps(kind.written(kind.argument and kind.argument.example))}` | {kind.about} |" for kind in KINDS
    ]
    assert table.splitlines() == rows


def test_no_other_module_that_knows_of_faults_names_a_kind() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (TOP / "mockserver").rglob("*.py")}
    knowing = {path: text for path, text in sources.items() if "mockserver.faults" in text}
    naming = {
        str(path.relative_to(TOP))
        for path, text in knowing.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value in wire_kinds.names()
    }
    assert len(knowing) > 15
    assert naming == {"mockserver/faults/wire_kinds.py"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_the_documents_write_and_what_a_name_means_can_be_read(kind: WireKind) -> None:
    validator = Draft202012Validator(wire_kinds.wire_schema())
    written = [wire_kinds.usual(kind.name), kind.written(kind.argument and kind.argument.example)]
    for one in written:
        validator.validate(one)
        assert wire_kinds.read(one).kind == kind.name
        assert wire_kinds.about(one) == kind.about


def test_names_are_unique_and_clash_with_no_mistake_or_status() -> None:
    names = wire_kinds.names()
    assert len({*names, *MISTAKE_NAMES}) == len(names) + len(MISTAKE_NAMES)
    assert not any(name.isdecimal() for name in names)
    assert wire_kinds.usual("RateLimited") is None
    assert wire_kinds.about("RateLimited") == ""


_NUMBERS = st.integers(-1, 2) | st.floats(-0.5, 1.5) | st.booleans()
_RATES = st.from_regex(r"\A[0-9.]{0,5}(B|kB|KB|KiB|MB|b)?(/s)?\Z")
_VALUES = st.none() | _NUMBERS | _RATES | st.text(max_size=3) | st.lists(_NUMBERS, max_size=1)
_NAMES = st.sampled_from([*wire_kinds.names(), "smash", ""])


@given(_NAMES | _VALUES | st.dictionaries(_NAMES, _VALUES, max_size=2))
@example({"drip": "0B/s"})
@example({"drip": "0.0kB/s"})
@example({"drip": "00.5B/s"})
@example({"cut": 1})
@example({"cut": 0})
@example({"cut": True})
@example({"reset": None})
@example("cut")
def test_schema_and_reader_take_and_refuse_the_same(written: Any) -> None:
    try:
        wire_kinds.read(written)
        taken = True
    except ValueError:
        taken = False
    assert Draft202012Validator(wire_kinds.wire_schema()).is_valid(written) == taken

"""The access log: one line for each emulated request, and nothing when it is off."""

import json
import re
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from mockserver.events.access_log import AccessLog
from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 2, 1, 8, 30, 5, 123456, tzinfo=UTC)


class Lines:
    """Takes lines, or fails as a closed pipe does."""

    def __init__(self) -> None:
        self.text = ""
        self.is_closed = False

    def __call__(self, text: str) -> None:
        if self.is_closed:
            raise BrokenPipeError
        self.text += text


def log(world: AcmeWorld, form: Literal["human", "json"] = "human", **more: Any) -> tuple[AccessLog, Lines]:
    lines = Lines()
    return AccessLog(world.app.shared.feed, lines, lambda: NOW, form=form, **more), lines


async def test_a_line_has_who_was_asked_what_came_and_what_decided() -> None:
    async with acme_running() as world:
        access_log, lines = log(world)
        await world.rent()
        await world.steer("POST", "/faults", {"name": "down", "answer": {"status": 503}, "times": 1})
        await world.beside("side").ask("GET", "/balance", key="wrong")
        await world.ask("GET", "/balance")
        access_log.close()
        times = re.sub(r"\d+\.\d ms", "N ms", lines.text)
        assert times.splitlines() == [
            "08:30:05.123 POST /orders 201 N ms default acme req_00000001",
            "08:30:05.123 GET /balance 401 N ms side acme refused as UnknownCredential req_00000001",
            "08:30:05.123 GET /balance 503 N ms default acme refused as PlainStatus, fault down req_00000002",
        ]


async def test_a_line_of_json_has_the_same() -> None:
    async with acme_running() as world:
        access_log, lines = log(world, "json")
        await world.ask("GET", "/balance")
        access_log.close()
        line = json.loads(lines.text)
        assert line.pop("milliseconds") >= 0
        assert line == {
            "event": "request",
            "time": "2026-02-01T08:30:05.123000Z",
            "moment": "2026-01-31T12:00:00Z",
            "method": "GET",
            "path": "/balance",
            "status": 200,
            "sandbox": "default",
            "provider": "acme",
            "mistake": None,
            "fault": None,
            "rule": None,
            "request": "req_00000001",
        }


async def test_a_path_cannot_write_a_line_of_its_own() -> None:
    async with acme_running() as world:
        access_log, lines = log(world)
        await world.ask("GET", "/a%0A08:30:05%1B[31m%E2%80%A8")
        access_log.close()
        assert lines.text.count("\n") == len(lines.text.splitlines()) == 1
        assert "\x1b" not in lines.text


async def test_the_status_has_a_colour_where_colours_are_asked_for() -> None:
    async with acme_running() as world:
        access_log, lines = log(world, colour=True)
        await world.ask("GET", "/balance")
        access_log.close()
        assert " \x1b[32m200\x1b[0m " in lines.text


async def test_lines_that_nobody_takes_are_given_up() -> None:
    async with acme_running() as world:
        access_log, lines = log(world)
        lines.is_closed = True
        await world.ask("GET", "/balance")
        access_log.flush()
        lines.is_closed = False
        assert (await world.ask("GET", "/balance")).status_code == 200
        access_log.close()
        assert lines.text == ""


@pytest.mark.parametrize("form", ["human", "json", "off", None])
async def test_a_server_writes_it_to_stderr_where_the_settings_say_so(
    form: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    async with acme_running(access_log=form) as world:
        await world.ask("GET", "/balance")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("/balance" in printed.err) == (form in ("human", "json"))
    assert printed.err.startswith("{") == (form == "json")


async def test_no_secret_shows_in_it() -> None:
    async with acme_running() as world:
        access_log, lines = log(world)
        await world.ask("GET", "/orders?api_key=MARK-1", headers={"X-Api-Key": "MARK-2"}, key="MARK-3")
        await world.ask("POST", "/orders?token=MARK-4", {"password": "MARK-5"}, key="MARK-3")
        access_log.close()
        assert lines.text.count("\n") == 2
        assert "MARK" not in lines.text

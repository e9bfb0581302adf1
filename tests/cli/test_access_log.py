"""Whether a server writes an access log by itself: on a terminal, unless told otherwise."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.outside import BASE, DEMO, acme_installed
from tests.server.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")]


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal: the side of the person and that of the program."""
    person, program = os.openpty()
    try:
        yield person, program
    finally:
        os.close(person)


def printed(folder: Path, *arguments: str, **variables: str) -> str:
    """What a server prints on a terminal that is its stderr, for one request."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    environment = {**own, "TERM": "xterm", **acme_installed(folder), "NO_COLOR": "", **variables}
    command = [sys.executable, "-m", "mockserver", "--port", "0", "--log-format", "json", *arguments]
    with terminal() as (person, program):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=program)
        os.close(program)
        with process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().decode().partition('"url": "')[2].partition('"')[0]
                urllib.request.urlopen(urllib.request.Request(f"{url}{BASE}/balance", headers=DEMO)).close()
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            finally:
                process.kill()
        return _all_of(person)


def _all_of(terminal: int) -> str:
    text = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # how Linux says that the program has closed its side
            return text.decode()
        if not part:
            return text.decode()
        text += part


def test_a_server_on_a_terminal_prints_a_line_for_each_request(tmp_path: Path) -> None:
    line = printed(tmp_path)
    assert " GET /balance \x1b[32m200\x1b[0m " in line
    assert line.endswith(" default acme req_00000001\r\n")


@pytest.mark.parametrize(
    ("arguments", "variables", "text"),
    [
        (["--access-log", "off"], {}, ""),
        ([], {"MOCKSERVER_ACCESS_LOG": "off"}, ""),
        ([], {"NO_COLOR": "1"}, " GET /balance 200 "),
        (["--access-log", "json"], {}, '"path":"/balance"'),
    ],
)
def test_flag_and_variables_decide(tmp_path: Path, arguments: list[str], variables: dict[str, str], text: str) -> None:
    output = printed(tmp_path, *arguments, **variables)
    assert text in output
    assert (output == "") == (text == "")
    assert "\x1b" not in output

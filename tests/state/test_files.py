"""`mockserver --state FILE` and `--save-on-exit`, with real processes."""

import json
import signal
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.outside import BASE, DEMO, acme_installed
from tests.server.processes import line_of, python

FROZEN = ("--clock", "frozen", "--start", "2026-01-31T12:00:00Z", "--port", "0", "--log-format", "json")


class Running:
    """A server process at its URL."""

    def __init__(self, url: str, process: Any) -> None:
        self.url = url
        self.process = process

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer."""
        headers = {**DEMO, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def buy(self) -> Any:
        """Buy a number; the answer."""
        return self.call("POST", f"{BASE}/orders", {"service": "chat"})

    def stop(self) -> str:
        """Stop it in good order; what it wrote to stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0
        return str(errors)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables of a process that knows Acme."""
    return acme_installed(tmp_path_factory.mktemp("installed"))


@contextmanager
def serving(installed: Mapping[str, str], *flags: str) -> Iterator[Running]:
    with python("-m", "mockserver", *FROZEN, *flags, **installed) as process:
        line = line_of(process)
        assert line, process.stderr.read() if process.stderr else ""
        yield Running(json.loads(line)["url"], process)


def test_a_server_goes_on_where_the_one_before_stopped(tmp_path: Path, installed: Mapping[str, str]) -> None:
    file = tmp_path / "state.json"
    with serving(installed, "--state", str(file), "--save-on-exit") as one:
        one.buy()
        one.call("POST", "/_mock/clock/advance", {"by": "3s"})
        assert not file.exists()
        assert one.stop() == ""
    saved = file.read_bytes()
    assert json.loads(saved)["clock"]["now"] == "2026-01-31T12:00:03Z"
    results = []
    for _ in range(2):
        with serving(installed, "--state", str(file), "--seed", "other") as other:
            ran = other.call("POST", "/_mock/clock/advance", {"by": "5s"})
            results.append((ran, other.buy(), other.call("GET", "/_mock/orders")))
            assert other.stop() == ""
    assert results[0] == results[1]
    assert results[0][0]["fired"] == 1
    # Without --save-on-exit the file is only read.
    assert file.read_bytes() == saved
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.slow
def test_with_both_each_stop_writes_what_the_next_start_reads(tmp_path: Path, installed: Mapping[str, str]) -> None:
    file = tmp_path / "state.json"
    for number in range(3):
        with serving(installed, "--state", str(file), "--save-on-exit") as server:
            assert len(server.call("GET", "/_mock/orders")["orders"]) == number
            server.buy()
            server.stop()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "must be JSON"),
        ("[]", "must be a snapshot"),
        ('{"format": "mockserver state", "version": "9.9.9"}', "was made by version '9.9.9'"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_one_clear_line_and_stays_as_it_is(
    tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)
    with python("-m", "mockserver", "--port", "0", "--state", str(file), "--save-on-exit") as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, "")
    [line] = errors.splitlines()
    assert line.startswith(f"ERROR --state: {file} cannot be restored: ")
    assert reason in line
    assert file.read_text() == content


def test_what_can_not_be_read_or_written_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    for flags, reason in (
        (("--state", str(missing)), f"--state: cannot be read: {missing}"),
        (("--state", str(tmp_path)), "must be a file in a directory that exists"),
        (
            ("--state", str(tmp_path / "no" / "such.json"), "--save-on-exit"),
            "must be a file in a directory that exists",
        ),
        (("--save-on-exit",), "--save-on-exit needs --state FILE"),
    ):
        with python("-m", "mockserver", "--port", "0", *flags) as process:
            output, errors = process.communicate(timeout=20)
        assert (process.returncode, output) == (2, "")
        assert errors.startswith("mockserver: ")
        assert reason in errors
        assert errors.count("\n") == 1


def test_a_state_that_could_not_be_saved_ends_with_one_line_and_exit_code_1(
    tmp_path: Path, installed: Mapping[str, str]
) -> None:
    directory = tmp_path / "gone"
    directory.mkdir()
    file = directory / "state.json"
    with serving(installed, "--state", str(file), "--save-on-exit") as server:
        directory.rmdir()
        server.process.send_signal(signal.SIGTERM)
        output, errors = server.process.communicate(timeout=20)
    assert (server.process.returncode, output) == (1, "")
    told = json.loads(errors)
    assert (told["level"], told["message"]) == (
        "error",
        f"the state could not be saved: {file}: No such file or directory",
    )


def test_a_state_file_keeps_its_mode_and_what_was_left_beside_it_is_swept(
    tmp_path: Path, installed: Mapping[str, str]
) -> None:
    file = tmp_path / "state.json"
    left = tmp_path / f".state.json.{'0' * 16}.part"
    with serving(installed, "--state", str(file), "--save-on-exit") as server:
        server.stop()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    left.write_bytes(b"half a state")
    with serving(installed, "--state", str(file), "--save-on-exit") as server:
        assert not left.exists()
        server.stop()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]

"""The command that serves: its banner, its flags, how it starts and ends."""

import json
import re
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from mockserver import __version__, server
from tests.outside import acme_installed
from tests.server.processes import ROOT, line_of, python

#: Serves a fake application with the real command line.
MAIN = """
import sys
import mockserver.cli
from tests.server.fake_app import FakeApp

mockserver.cli._create_app = lambda settings: FakeApp()
sys.exit(mockserver.cli.main())
"""


def test_the_banner_tells_all_that_a_client_needs() -> None:
    with python("-c", MAIN, "--port", "0", "--start", "2026-01-31T12:00:00Z", "--clock", "frozen") as process:
        first = line_of(process)
        url = first.split()[-1]
        banner = first
        while "Ctrl-C" not in banner:
            banner += "\n" + line_of(process)
        urllib.request.urlopen(f"{url}/").close()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert first.startswith(f"mockserver {__version__} on http://127.0.0.1:")
    for part in (
        f"{url}/api.acme.example/v1",
        "acme-demo",
        "globex-key / globex-secret",
        "frozen, now 2026-01-31T12:00:00Z",
        f"{url}/_mock",
        f"the same port, a proxy as well: mockserver run --url {url} -- COMMAND",
    ):
        assert part in banner
    assert "token" not in banner


def test_the_json_banner_is_one_line_on_stdout() -> None:
    with python(
        "-c", MAIN, "serve", "--log-format", "json", MOCKSERVER_PORT="0", MOCKSERVER_CLOCK="scaled:60"
    ) as process:
        started = json.loads(line_of(process))
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "application stopped\n", "")
    assert started["event"] == "started"
    assert started["url"] == f"http://127.0.0.1:{started['port']}"
    assert started["control"] == f"{started['url']}/_mock"
    assert started["clock"] == "scaled:60"
    assert started["providers"]["globex"] == f"{started['url']}/globex.example"
    assert started["credentials"]["acme"] == ["acme-demo", "acme-poor"]
    assert "token" not in started


def test_the_banner_tells_of_one_more_port_and_of_no_https_where_there_is_none() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ways = []
    for tls in ("on", "off"):
        with python("-c", MAIN, "--port", "0", "--tls", tls, "--tls-port", port) as process:
            banner = line_of(process)
            while "Ctrl-C" not in banner:
                banner += "\n" + line_of(process)
        ways += re.findall(r"^(https?) +(the same port.*?)(?:, a proxy.*)?$", banner, re.MULTILINE)
    assert ways == [("https", f"the same port and {port}"), ("http", f"the same port and {port}")]


def test_flags_win_over_variables_before_and_after_the_command() -> None:
    given = ("--seed", "before", "--log-format", "json", "serve", "--port", "0")
    with python("-c", MAIN, *given, MOCKSERVER_PORT="1", MOCKSERVER_LOG_FORMAT="human") as process:
        assert json.loads(line_of(process))["port"] > 1


@pytest.mark.parametrize("given", [(), ("--token", "s3cret")])
def test_beyond_loopback_the_banner_has_a_token_that_was_made_up_and_no_given_one(given: tuple[str, ...]) -> None:
    with python("-c", MAIN, "--port", "0", "--host", "0.0.0.0", "--log-format", "json", *given) as process:
        started = json.loads(line_of(process))
    assert started["listens_on"] == "0.0.0.0"
    assert started["token_needed"] is True
    assert "token" not in started if given else len(started["token"]) >= 32


def test_quiet_prints_no_banner_but_a_token_that_nobody_knows() -> None:
    with python("-c", MAIN, "--port", "0", "--quiet", "--host", "0.0.0.0") as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    assert told.startswith("mockserver: the control API needs the token ")
    assert output == "application stopped\n"


def test_a_taken_port_is_one_clear_line() -> None:
    with server.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with python("-c", MAIN, "--port", str(port)) as process:
            output, errors = process.communicate(timeout=10)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"mockserver: port {port} on 127.0.0.1 is in use")
    assert errors.count("\n") == 1


def test_a_closed_stdout_does_not_keep_the_server_from_serving() -> None:
    with python("-c", MAIN, "--port", "0") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) in (0, -signal.SIGINT)
        assert "Traceback" not in process.stderr.read()


def test_scenario_directories_are_checked_before_the_server_starts(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "broken.yaml").write_text("scenario: broken\nprovider: [\n")
    (tmp_path / "wrong.yaml").write_text("scenario: wrong\nprovider: nobody\nabout: Nothing.\n")
    with python("-m", "mockserver", "--port", "0", "--scenarios", str(tmp_path)) as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, "")
    lines = errors.splitlines()
    assert any(line.startswith(f"{tmp_path / 'acme' / 'broken.yaml'}:") for line in lines)
    assert any(line.startswith(f"{tmp_path / 'wrong.yaml'}:2:") for line in lines)
    assert "Traceback" not in errors


def test_a_scenario_file_where_none_is_looked_for_is_named(tmp_path: Path) -> None:
    text = (ROOT / "tests" / "acme" / "scenarios" / "acme" / "quick.yaml").read_text()
    root = tmp_path / "scenarios"
    for place in (root / "quick.yaml", root / "acme" / "quick.yaml"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    installed = acme_installed(tmp_path / "installed")
    with python("-c", MAIN, "--port", "0", "--scenarios", str(root), **installed) as process:
        line_of(process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert errors == f"{root / 'quick.yaml'}:1:1: not used: a scenario's place is DIR/PROVIDER/NAME.yaml (warning)\n"


@pytest.mark.parametrize("log_format", ["human", "json"])
@pytest.mark.parametrize("way", ["flag", "variable"])
def test_a_given_token_is_in_no_output(way: str, log_format: str) -> None:
    given = ("--token", "s3cret") if way == "flag" else ()
    variables = {"MOCKSERVER_TOKEN": "s3cret"} if way == "variable" else {}
    with python("-c", MAIN, "--port", "0", "--log-format", log_format, *given, **variables) as process:
        banner = line_of(process)
        while log_format == "human" and "Ctrl-C" not in banner:
            banner += "\n" + line_of(process)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "s3cret" not in banner + output + errors
    assert ("the one you set; the control API needs it" in banner) == (log_format == "human")


def test_a_port_variable_that_an_orchestrator_injects_is_ignored_with_one_line() -> None:
    with server.bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with python("-c", MAIN, "--port", str(port), MOCKSERVER_PORT="tcp://10.96.17.5:7460") as process:
        assert line_of(process).endswith(f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (
        0,
        "WARNING MOCKSERVER_PORT is ignored: it holds a URL where a number belongs\n",
    )


def test_a_wrong_port_variable_is_still_one_line_of_refusal() -> None:
    with python("-c", MAIN, MOCKSERVER_PORT="seven") as process:
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output) == (2, "")
    assert errors == "mockserver: MOCKSERVER_PORT: must be a whole number from 0 to 65535: 'seven'\n"


def test_localhost_is_served_on_both_families() -> None:
    with python("-c", MAIN, "--port", "0") as process:
        port = line_of(process).rpartition(":")[2]
        for host in ("127.0.0.1", "[::1]") if has_ipv6() else ("127.0.0.1",):
            urllib.request.urlopen(f"http://{host}:{port}/").close()


def has_ipv6() -> bool:
    try:
        server.bind("::1", 0).close()
    except server.CannotListen:
        return False
    return True

"""`mockserver env`: the variables for clients of a server that runs."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.cli import main, runfile
from mockserver.server import LiveServer
from tests.server.fake_app import FakeApp
from tests.server.processes import python
from tests.support import frozen_settings

#: The program, and what an interpreter of another directory needs for it.
MOCKSERVER = f"'{sys.executable}' -m mockserver"
PACKAGE = {"PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the CA lies, with a space and an apostrophe in its path; no variable says anything else."""
    path = tmp_path / "it's here"
    for name in [name for name in os.environ if name.startswith("MOCKSERVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MOCKSERVER_CA_DIR", str(path))
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["env", *arguments]) == 0
    return capsys.readouterr().out


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_shell_evaluates_what_it_prints_and_its_clients_reach_the_sandbox(directory: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=directory))) as server:
        arguments = ("-m", "mockserver", "env", "--url", server.url, "--sandbox", "shop")
        with python(*arguments, MOCKSERVER_CA_DIR=str(directory)) as process:
            lines, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        script = (
            f"{lines}curl -sf -o /dev/null -H 'Authorization: Bearer daisy-demo' "
            "https://daisysim.com/api/v1/virtual/balance && curl -s $MOCKSERVER_URL/~shop/_mock/requests"
        )
        environment = {"PATH": os.environ["PATH"]}
        done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert [row["operation"] for row in json.loads(done.stdout)["requests"]] == ["balance"]


def test_the_ca_is_that_of_the_server(directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = tmp_path / "theirs"
    with LiveServer(create_app(frozen_settings(ca_dir=theirs))) as server:
        found = json.loads(printed(capsys, "--url", f"{server.url}/", "--shell", "json"))
    assert Path(found["MOCKSERVER_CA"]).read_bytes() == (theirs / "ca.pem").read_bytes()
    assert Path(found["SSL_CERT_FILE"]).parent == directory / "servers"
    assert found["MOCKSERVER_URL"] == server.url
    assert "MOCKSERVER_SANDBOX" not in found
    assert "HTTP_PROXY" not in found


def test_where_no_server_answers_yet_on_this_machine_it_is_that_of_this_user(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = unused_url()
    monkeypatch.setenv("MOCKSERVER_URL", url)
    monkeypatch.setenv("MOCKSERVER_SANDBOX", "shop")
    found = json.loads(printed(capsys, "--shell", "json", "--proxy-http"))
    assert found["MOCKSERVER_CA"] == str(directory / "ca.pem")
    assert found["HTTP_PROXY"] == found["HTTPS_PROXY"] == f"http://shop:x@{url.removeprefix('http://')}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--url", "here"), "--url and MOCKSERVER_URL are like"),
        (("--sandbox", "No Name"), "--sandbox: must be"),
        (("--shell", "tcsh"), "invalid value for '--shell'"),
        (("--url", "http://mock.invalid"), "no server answers at http://mock.invalid: "),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert main(["env", *arguments]) in (1, 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"mockserver: {message}")
    assert captured.err.count("\n") == 1


def test_what_answers_without_a_ca_is_no_mockserver(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveServer(FakeApp()) as server:
        assert main(["env", "--url", server.url]) == 1
    assert capsys.readouterr().err.startswith(f"mockserver: no mockserver answers at {server.url}: ")


def test_a_directory_of_the_ca_that_cannot_be_used_is_named(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.touch()
    assert main(["env", "--url", unused_url()]) == 1
    assert f"the CA directory {directory} cannot be used" in capsys.readouterr().err


def test_github_is_told_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--url", unused_url(), "--shell", "github"]) == 0
    captured = capsys.readouterr()
    assert "NODE_OPTIONS" not in captured.out
    assert captured.err.splitlines()[-1] == "mockserver: NODE_OPTIONS is left out: runners refuse it there"


def test_nobody_who_answers_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    url = unused_url()
    assert main(["env", "--url", url]) == 0
    error = capsys.readouterr().err
    assert error.startswith(f"mockserver: no server answers at {url}: ")
    assert error.count("\n") == 1


@pytest.fixture
def elsewhere(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a server of this user with a run file; none is at the default port."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("mockserver.cli.client.DEFAULT_PORT", unused_url().rpartition(":")[2])
    with LiveServer(create_app(frozen_settings(ca_dir=directory))) as server:
        runfile.write(server.url)
        yield server.url


@pytest.mark.parametrize("evaluated", [False, True])
def test_a_server_of_this_user_elsewhere_is_taken(
    evaluated: bool, elsewhere: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if evaluated:  # for a server that is gone
        monkeypatch.setenv("MOCKSERVER_URL", unused_url())
        monkeypatch.setenv("MOCKSERVER_EMULATED_HOSTS", "daisysim.com")
    assert main(["env", "--shell", "json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["MOCKSERVER_URL"] == elsewhere
    assert captured.err == ""


@pytest.mark.parametrize("name", ["MOCKSERVER_URL", "MOCKSERVER_PORT"])
def test_a_server_that_the_user_has_named_is_taken_though_it_does_not_answer(
    name: str, elsewhere: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = unused_url()
    monkeypatch.setenv(name, url if name == "MOCKSERVER_URL" else url.rpartition(":")[2])
    assert json.loads(printed(capsys, "--shell", "json"))["MOCKSERVER_URL"] == url


def test_what_was_evaluated_is_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {"PATH": os.environ["PATH"], "NODE_OPTIONS": "--trace-warnings", "HOME": str(tmp_path)}
    ours = printed(capsys, "--url", unused_url(), "--sandbox", "shop", "--proxy-http")
    with python("-m", "mockserver", "env", "--unset", MOCKSERVER_URL="") as process:
        assert process.communicate(timeout=20)[0] == ""  # nothing was evaluated there
    script = f'{ours}export NODE_OPTIONS="--trace-warnings $NODE_OPTIONS"\neval "$({MOCKSERVER} env --unset)"; env'
    done = subprocess.run(["sh", "-c", script], env={**before, **PACKAGE}, capture_output=True, text=True, check=True)
    after = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert {name: value for name, value in after.items() if name not in ("PWD", "_", *PACKAGE)} == before


def test_a_file_of_variables_takes_nothing_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--unset", "--shell", "dotenv"]) == 2
    assert capsys.readouterr().err == "mockserver: --unset: only for sh, fish, powershell, not for dotenv\n"


def test_the_sandbox_of_an_earlier_call_does_not_stay() -> None:
    call = f'eval "$({MOCKSERVER} env --url {unused_url()} '
    shown = 'echo "$HTTPS_PROXY ${MOCKSERVER_SANDBOX-no}"'
    script = f'{call}--sandbox shop)"; echo "$MOCKSERVER_SANDBOX"; {call})"; {shown}'
    environment = {"PATH": os.environ["PATH"], "MOCKSERVER_CA_DIR": os.environ["MOCKSERVER_CA_DIR"], **PACKAGE}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "shop"
    assert second.endswith(" no")
    assert "shop" not in second

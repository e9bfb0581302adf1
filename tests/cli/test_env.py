"""`mockserver env`: the variables for clients of a server that runs."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.cli import main
from mockserver.server import LiveServer
from tests.server.fake_app import FakeApp
from tests.server.processes import python
from tests.support import frozen_settings


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
    assert captured.err == "mockserver: NODE_OPTIONS is left out: runners refuse it there\n"

"""`mockserver health`, and the files by which it finds a server."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver import server
from mockserver.app import create_app
from mockserver.cli import program, runfile
from mockserver.server import LiveServer
from tests.server.fake_app import FakeApp
from tests.server.processes import line_of, python

#: A number that no process has: above what Linux gives out.
NOBODY = 4_194_305


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in a process of its own."""
    with python("-m", "mockserver", "health", *arguments, **variables) as process:
        output, errors = process.communicate(timeout=20)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


@contextmanager
def serving(*flags: str, **variables: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A real server on a free port, and its URL."""
    with python("-m", "mockserver", "--port", "0", "--log-format", "json", *flags, **variables) as process:
        yield json.loads(line_of(process))["url"], process


def free_port() -> str:
    with server.bind("127.0.0.1", 0) as listener:
        return str(listener.getsockname()[1])


def test_the_newest_server_of_this_user_is_found_without_a_word(tmp_path: Path) -> None:
    place = {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    elsewhere = {"MOCKSERVER_PORT": free_port()}
    assert run(**place, **elsewhere).returncode == 1
    with serving(**place) as (_, first), serving(**place) as (url, second):
        found = run(**place, **elsewhere)
        assert (found.returncode, found.stdout, found.stderr) == (0, f"{url} is ok\n", "")
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=10) == 0
        assert url not in run(**place, **elsewhere).stdout
        first.kill()
        first.wait(timeout=10)
        # Killed, it leaves its file; the file of no process is nobody's.
        assert len(list(tmp_path.rglob("*.json"))) == 1
        assert run(**place, **elsewhere).returncode == 1
    with serving(**place) as (_, process):
        assert [path.name for path in tmp_path.rglob("*.json")] == [f"{process.pid}.json"]


def test_a_run_file_is_private_and_holds_nothing_secret(tmp_path: Path) -> None:
    place = {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    with serving("--token", "s3cret", **place) as (url, process):
        [file] = tmp_path.rglob("*.json")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert json.loads(file.read_text()) == {"pid": process.pid, "url": url}
        assert run(**place).returncode == 0


def test_a_variable_that_names_the_server_wins_over_run_files(tmp_path: Path) -> None:
    place = {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    elsewhere = f"http://127.0.0.1:{free_port()}"
    with serving(**place) as (url, _):
        found = run(MOCKSERVER_URL=elsewhere, **place)
        assert (found.returncode, found.stdout) == (1, "")
        assert elsewhere in found.stderr
        assert run("--url", url, MOCKSERVER_URL=elsewhere, **place).returncode == 0
        assert run(MOCKSERVER_URL="", **place).stdout == f"{url} is ok\n"


def test_without_a_run_file_the_variables_say_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfile, "directories", lambda _: iter(()))
    asked: list[str] = []

    def status(base: str) -> str:
        asked.append(base)
        return "ok"

    monkeypatch.setattr(sys.modules["mockserver.cli.health"], "server_status", status)
    for variables in (
        {},
        {"MOCKSERVER_HOST": "0.0.0.0", "MOCKSERVER_PORT": "9000"},
        {"MOCKSERVER_HOST": "::"},
        {"MOCKSERVER_HOST": "10.1.2.3", "MOCKSERVER_PORT": "tcp://10.96.17.5:7460"},
        {"MOCKSERVER_HOST": "", "MOCKSERVER_PORT": "", "MOCKSERVER_SCENARIOS": str(tmp_path / "none")},
    ):
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("MOCKSERVER_")]:
                patch.delenv(name)
            for name, value in variables.items():
                patch.setenv(name, value)
            assert CliRunner().invoke(program, ["health"]).exit_code == 0
    assert asked == [
        "http://127.0.0.1:7460",
        "http://127.0.0.1:9000",
        "http://[::1]:7460",
        "http://10.1.2.3:7460",
        "http://127.0.0.1:7460",
    ]


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_is_asked(name: str) -> None:
    with serving() as (url, _):
        assert run("--url", url, **{name: "http://127.0.0.1:9"}).returncode == 0


def test_what_is_no_healthy_server_is_exit_code_1_and_one_line() -> None:
    with LiveServer(FakeApp()) as other:
        for url, told in (
            (other.url, "what answers there is no mockserver"),
            (f"http://127.0.0.1:{free_port()}", "no server answers at"),
            ("localhost:7460", "--url and MOCKSERVER_URL are like"),
            ("http://user:secret@localhost", "--url and MOCKSERVER_URL are like"),
        ):
            found = run("--url", url)
            assert (found.returncode, found.stdout, found.stderr.count("\n")) == (1, "", 1)
            assert told in found.stderr


def test_a_wrong_variable_is_one_line_too(tmp_path: Path) -> None:
    found = run(XDG_RUNTIME_DIR=str(tmp_path), TMPDIR=str(tmp_path), MOCKSERVER_PORT="seven")
    assert (found.returncode, found.stdout) == (1, "")
    told = "MOCKSERVER_PORT: must be a whole number from 0 to 65535: 'seven'"
    assert found.stderr == f"mockserver: where the server is, is not known: {told}\n"


# -- the files --------------------------------------------------------------------------------------

USER = f"-{os.getuid()}" if sys.platform != "win32" else ""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Variables that leave nowhere but `tmp_path / "run"` and `tmp_path / "tmp"` to write to."""
    monkeypatch.setattr(runfile, "SHARED_MEMORY", "")
    for name in ("run", "tmp"):
        (tmp_path / name).mkdir()
    return {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "TMPDIR": str(tmp_path / "tmp")}


def test_what_is_written_is_found_and_what_is_removed_is_not(place: dict[str, str]) -> None:
    written = runfile.write("http://127.0.0.1:7460", environment=place)
    assert written is not None
    assert runfile.running(environment=place)[0] == "http://127.0.0.1:7460"
    runfile.remove(written)
    assert runfile.running(environment=place) == []


def test_files_of_processes_that_ended_are_passed_over_and_swept(place: dict[str, str]) -> None:
    written = runfile.write("http://127.0.0.1:1", environment=place)
    assert written is not None
    stale = written.with_name(f"{NOBODY}.json")
    stale.write_text(json.dumps({"pid": NOBODY, "url": "http://127.0.0.1:2"}))
    notes = written.with_name("notes.json")
    notes.write_text("mine")
    assert runfile.running(environment=place)[0] == "http://127.0.0.1:1"
    assert runfile.write("http://127.0.0.1:3", environment=place) == written
    assert (stale.exists(), notes.exists()) == (False, True)
    assert runfile.running(environment=place)[0] == "http://127.0.0.1:3"


@pytest.mark.skipif(sys.platform == "win32", reason="modes and owners are those of POSIX")
@pytest.mark.parametrize("trick", ["link", "open", "file"])
def test_a_directory_that_others_may_have_made_is_not_used(place: dict[str, str], tmp_path: Path, trick: str) -> None:
    ours = tmp_path / "run" / f"mockserver{USER}"
    if trick == "link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        ours.symlink_to(tmp_path / "theirs")
    elif trick == "open":
        ours.mkdir()
        ours.chmod(0o777)
        (ours / f"{os.getpid()}.json").write_text(json.dumps({"url": "http://evil.test:80"}))
    else:
        ours.write_text("")
    written = runfile.write("http://127.0.0.1:1", environment=place)
    assert written is not None
    assert written.parent.parent == tmp_path / "tmp"
    assert runfile.running(environment=place)[0] == "http://127.0.0.1:1"
    assert not list(tmp_path.glob("theirs/*"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")
def test_a_link_in_place_of_the_file_is_not_written_through(place: dict[str, str], tmp_path: Path) -> None:
    written = runfile.write("http://127.0.0.1:1", environment=place)
    assert written is not None
    precious = tmp_path / "precious"
    precious.write_text("precious")
    written.unlink()
    written.symlink_to(precious)
    assert runfile.running(environment=place) == []
    assert runfile.write("http://127.0.0.1:2", environment=place) == written
    assert (precious.read_text(), written.is_symlink()) == ("precious", False)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"url": 1}', '{"url": "file:///etc/passwd"}', '{"url": "http://a@b:1"}', "\ud83d"]
)
def test_a_file_that_says_nothing_sensible_is_passed_over(place: dict[str, str], text: str) -> None:
    written = runfile.write("http://127.0.0.1:1", environment=place)
    assert written is not None
    written.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert runfile.running(environment=place) == []


#: The real command line on a machine without shared memory.
MAIN = """
import sys
import mockserver.cli.runfile
from mockserver.cli import main

mockserver.cli.runfile.SHARED_MEMORY = ""
sys.exit(main())
"""


def test_where_nothing_can_be_written_the_server_serves_all_the_same(tmp_path: Path) -> None:
    nowhere = {"XDG_RUNTIME_DIR": str(tmp_path / "nowhere"), "TMPDIR": str(tmp_path / "nowhere")}
    with python("-c", MAIN, "--port", "0", "--log-format", "json", **nowhere) as process:
        assert run("--url", json.loads(line_of(process))["url"]).returncode == 0
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_nests_too_deeply_is_passed_over(place: dict[str, str]) -> None:
    written = runfile.write("http://127.0.0.1:1", environment=place)
    assert written is not None
    written.write_text("[" * 4_000)
    assert runfile.running(environment=place) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_the_file_is_passed_over(tmp_path: Path) -> None:
    place = {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    written = runfile.write("http://127.0.0.1:1", environment=place)
    assert written is not None
    written.unlink()
    os.mkfifo(written)
    # In a process of its own, which ends after a while should it wait for a writer.
    assert run(**place, MOCKSERVER_PORT=free_port()).returncode == 1


def test_a_file_whose_number_another_process_has_does_not_hide_the_server_that_runs(
    place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    with LiveServer(create_app()) as live:
        written = runfile.write(live.url, environment=place)
        assert written is not None
        stale = written.with_name(f"{os.getppid()}.json")
        stale.write_text(json.dumps({"url": f"http://127.0.0.1:{free_port()}"}))
        later = written.stat().st_mtime_ns + 1_000_000_000
        os.utime(stale, ns=(later, later))
        asked = CliRunner().invoke(program, ["health"])
    assert live.url in asked.output

"""`mockserver run`: a command beside a server, as if it had been started itself."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer
from tests.installed import PATIENCE
from tests.server.processes import line_of, python
from tests.support import frozen_settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and shells of POSIX")

#: A client in a shell: `buy PRICE` prints the status of a purchase.
BUY = """
buy() {
    curl -s -o /dev/null -w '%{http_code} ' -H 'Authorization: Bearer daisy-demo' \
        https://daisysim.com/api/v1/virtual/purchase -d '{"country": 6, "service": "wa", "price": '"$1"'}'
}
"""


#: Where a line about a command without requests leads.
HINT = "see 'Your client, your line' in docs/reach.md"


@contextmanager
def running(*arguments: str, **variables: str) -> "Iterator[subprocess.Popen[str]]":
    """`mockserver run` with these arguments."""
    with python("-m", "mockserver", "run", *arguments, **variables) as process:
        yield process


def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
    """Its exit code, and what is printed on the two outputs."""
    with running(*arguments, **variables) as process:
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def test_the_command_has_the_output_the_input_and_the_exit_code_to_itself() -> None:
    assert run("--quiet", "--", "sh", "-c", "echo out; echo err >&2; cat; exit 3") == (3, "out\n", "err\n")


def test_a_command_that_a_signal_ends_gives_128_and_its_number() -> None:
    assert run("--", "sh", "-c", "kill -KILL $$")[0] == 128 + signal.SIGKILL


def test_the_command_has_the_signals_of_whoever_started_it() -> None:
    # Python itself ignores this one.
    assert run("--quiet", "--", "sh", "-c", "kill -PIPE $$; echo survived") == (128 + signal.SIGPIPE, "", "")


@pytest.fixture
def hang_ups_count() -> Iterator[None]:
    """Children notice a hang-up, also where the tests themselves were started by `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "USR1"])
@pytest.mark.usefixtures("hang_ups_count")
def test_a_signal_is_passed_on(name: str) -> None:
    script = f"trap 'echo {name}; exit 7' {name}; echo ready; while :; do sleep 0.01; done"
    with running("--quiet", "--", "sh", "-c", script) as process:
        assert line_of(process) == "ready"
        process.send_signal(getattr(signal, f"SIG{name}"))
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (7, f"{name}\n", "")


def test_a_stop_that_is_passed_on_stops_both_until_they_continue() -> None:
    script = "trap 'echo continued; exit 5' CONT; echo ready; while :; do sleep 0.01; done"
    # In a group of its own, since nobody is told of stops in a group whose parents are all elsewhere.
    grouped = "import os, sys; os.setpgid(0, 0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    with python("-c", grouped, "-m", "mockserver", "run", "--", "sh", "-c", script) as process:
        assert line_of(process) == "ready"
        process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (5, "continued\n")


#: Runs a command at a terminal of its own, to which what comes on the standard input is typed.
AT_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@contextmanager
def at_a_terminal(script: str) -> "Iterator[subprocess.Popen[bytes]]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    command = [sys.executable, "-c", AT_A_TERMINAL, "sh", "-c", script]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: "subprocess.Popen[bytes]", wanted: bytes) -> bytes:
    """What is printed up to `wanted`."""
    assert process.stdout is not None
    seen = b""
    while wanted not in seen:
        assert select.select([process.stdout], [], [], PATIENCE)[0], seen
        part = os.read(process.stdout.fileno(), 1)  # no more than is asked for
        assert part, seen
        seen += part
    return seen


def typed(process: "subprocess.Popen[bytes]", text: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


@pytest.mark.slow
def test_ctrl_c_reaches_the_command_once() -> None:
    child = "trap 'echo caught' INT; echo ready; read first; read second; read third; exit 4"
    script = f'trap : INT; {sys.executable} -m mockserver run -- sh -c "{child}"; echo code $?'
    with at_a_terminal(script) as process:
        until(process, b"ready")
        typed(process, b"\x03")
        seen = until(process, b"caught")
        typed(process, b"\n\n\n")
        seen += until(process, b"code 4")
    assert seen.count(b"caught") == 1


@pytest.mark.slow
def test_ctrl_z_gives_the_shell_its_prompt_back_and_fg_goes_on() -> None:
    child = "trap 'echo continues' CONT; echo ready; read line; exit 6"
    script = f'set -m; {sys.executable} -m mockserver run -- sh -c "{child}"; echo back $?; fg >/dev/null; echo code $?'
    with at_a_terminal(script) as process:
        until(process, b"ready")
        typed(process, b"\x1a")
        until(process, f"back {128 + signal.SIGTSTP}".encode())
        until(process, b"continues")
        typed(process, b"\n\n")
        until(process, b"code 6")


@pytest.mark.slow
def test_fg_goes_on_however_often_ctrl_z_was_typed() -> None:
    # It stops as soon as the terminal says so, without a shell's wait for a program of its own.
    loop = "import signal\nprint('ready')\nwhile True: signal.sigtimedwait([], 0.01); print('tick', flush=True)"
    times = 8
    script = (
        f'set -m; {sys.executable} -m mockserver run --quiet -- {sys.executable} -c "{loop}"; echo back $?; '
        + "fg >/dev/null; echo back $?; " * times
    )
    stopped = f"back {128 + signal.SIGTSTP}".encode()
    with at_a_terminal(script) as process:
        until(process, b"ready")
        for _ in range(times):
            typed(process, b"\x1a")
            until(process, stopped)
            assert stopped not in until(process, b"tick")
        typed(process, b"\x03")
        until(process, b"back 130")


def test_the_server_ends_with_the_command() -> None:
    _, url, _ = run("--", "sh", "-c", "printf $MOCKSERVER_URL")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/_mock/health", trust_env=False)


def test_the_server_ends_when_it_is_killed() -> None:
    with running("--", "sh", "-c", "echo $$ $MOCKSERVER_URL; exec sleep 60") as process:
        child, url = line_of(process).split()
        try:
            assert httpx.get(f"{url}/_mock/health", trust_env=False).status_code == 200
            process.kill()
            process.wait(timeout=20)
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{url}/_mock/health", trust_env=False)
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_a_command_that_cannot_be_run_is_one_line(tmp_path: Path) -> None:
    assert run("--", "no-such-command", "-x") == (127, "", "mockserver: command not found: no-such-command\n")
    file = tmp_path / "file"
    file.touch()
    assert run("--", str(file)) == (126, "", f"mockserver: {file} cannot be run: permission denied\n")


def test_requests_that_were_refused_are_told_when_the_command_fails() -> None:
    script = f"{BUY} buy 0.3664; buy 0.1; curl -s -o /dev/null https://daisysim.com/api/v1/virtual/balance; exit 1"
    code, output, errors = run("--seed", "1", "--clock", "frozen", "--", "sh", "-c", script)
    assert (code, output) == (1, "201 422 ")
    lines = errors.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"mockserver: req_\d{8} daisysim: POST /purchase -> 422 \w+ \{.*", lines[-2])
    assert re.fullmatch(r"mockserver: req_\d{8} daisysim: GET /balance -> 401 \w+ \{.*", lines[-1])


def test_at_most_ten_are_told_and_the_quiet_are_told_nothing() -> None:
    script = f"{BUY} for price in 1 2 3 4 5 6 7 8 9 10 11 12; do buy 9$price; done; exit 1"
    _, _, errors = run("--rate-limits", "off", "--", "sh", "-c", script)
    ids = re.findall(r"req_\d{8}", errors)
    assert len(ids) == 10
    assert ids == sorted(ids)
    assert run("--quiet", "--rate-limits", "off", "--", "sh", "-c", script)[2] == ""


def test_a_command_that_succeeds_is_not_talked_about() -> None:
    assert run("--", "sh", "-c", f"{BUY} buy 9") == (0, "422 ", "")


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_without_a_request_is_told_of_whether_it_failed_or_not(code: int) -> None:
    script = f"curl -s -o /dev/null $MOCKSERVER_URL/_mock/clock; echo $MOCKSERVER_URL; exit {code}"
    status, url, errors = run("--", "sh", "-c", script)
    assert status == code
    assert errors == f"mockserver: no request of the command came to an API of this server, {url.strip()}: {HINT}\n"


def test_a_request_to_any_sandbox_counts_even_if_that_is_gone() -> None:
    script = "curl -s -o /dev/null -x http://w1:x@${HTTPS_PROXY#http://} https://daisysim.com/nope"
    assert run("--", "sh", "-c", script) == (0, "", "")


def test_refused_requests_are_told_of_all_sandboxes_even_if_these_are_gone() -> None:
    call = "curl -s -o /dev/null -x http://{}:x@${{HTTPS_PROXY##*@}} https://daisysim.com/api/v1/virtual/nope"
    script = "; ".join((*map(call.format, ("w1", "own", "w2")), "exit 1"))
    _, _, errors = run("--sandbox", "own", "--", "sh", "-c", script)
    assert re.findall(r"^mockserver: req_00000001( in \w+,)? daisysim: GET /nope -> 404 ", errors, re.MULTILINE) == [
        " in w1,",
        "",
        " in w2,",
    ]


def test_refused_requests_are_told_of_the_sandboxes_of_a_server_that_runs_already(tmp_path: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path))) as server:
        url = f"{server.url}/~w1/daisysim.com/api/v1/virtual"
        headers = {"Authorization": "Bearer daisy-demo"}
        assert httpx.get(f"{url}/balance", headers=headers, trust_env=False).status_code == 200
        assert httpx.get(f"{url}/before", headers=headers, trust_env=False).status_code == 404
        curl = "curl -so /dev/null -H 'Authorization: Bearer daisy-demo'"
        call = f"{curl} {server.url}/~%s/daisysim.com/api/v1/virtual/%s; "
        script = call % ("w1", "nope") + call % ("w2", "balance") + call % ("w2", "nope") + "exit 1"
        _, _, errors = run("--url", server.url, "--ca-dir", str(tmp_path), "--", "sh", "-c", script)
    assert re.findall(r"^mockserver: req_\d+ in (\w+), daisysim: GET /(\w+) -> 404 ", errors, re.MULTILINE) == [
        ("w1", "nope"),
        ("w2", "nope"),
    ]


def test_a_server_that_is_gone_when_the_command_ends_is_one_line(tmp_path: Path) -> None:
    with python("-m", "mockserver", "--port", "0", "--ca-dir", str(tmp_path)) as server:
        url = line_of(server).rpartition(" ")[2]
        script = f"kill -KILL {server.pid}; while curl -so /dev/null {url}/_mock/live; do :; done; exit 3"
        code, _, errors = run("--url", url, "--ca-dir", str(tmp_path), "--", "sh", "-c", script)
    assert code == 3
    assert errors.startswith("mockserver: the requests of the command are not known: no server answers at ")
    assert errors.count("\n") == 1


def test_a_server_with_more_sandboxes_than_are_looked_at_has_none_of_them_touched(tmp_path: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path))) as server:
        for number in range(51):
            httpx.put(f"{server.url}/_mock/sandboxes/w{number}", json={}, trust_env=False)
        call = f"curl -s -o /dev/null {server.url}/~%s/daisysim.com/api/v1/virtual/nope; "
        script = call % "w1" + call % "default" + "exit 1"
        _, _, errors = run("--url", server.url, "--ca-dir", str(tmp_path), "--", "sh", "-c", script)
    assert re.findall(r"^mockserver: req_\d+( in w1,)? daisysim: ", errors, re.MULTILINE) == [""]


@pytest.mark.parametrize("code", [0, 3])
def test_a_server_that_runs_already_has_its_scenarios_back_afterwards(code: int, tmp_path: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path))) as server:
        active = f"{server.url}/_mock/scenarios/active"
        script = f"curl -s {active}; exit {code}"
        arguments = ("--url", server.url, "--ca-dir", str(tmp_path), "--scenario", "sold-out", "--", "sh", "-c", script)
        for before in ([], ["no-sms"]):
            httpx.put(active, json=before, trust_env=False)
            status, during, _ = run(*arguments)
            assert (status, during) == (code, '["sold-out"]')
            assert httpx.get(active, trust_env=False).json() == before


def test_a_server_with_a_token_is_used_with_the_token(tmp_path: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path, token="secret"))) as server:
        arguments = ("--url", server.url, "--ca-dir", str(tmp_path), "--quiet", "--", "echo", "ran")
        code, output, errors = run(*arguments)
        assert (code, output) == (1, "")
        assert errors.endswith(": it needs its token: --token or MOCKSERVER_TOKEN\n")
        assert run(*arguments, MOCKSERVER_TOKEN="secret") == (0, "ran\n", "")


def test_lines_of_the_log_say_whose_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _, _, errors = run("--quiet", "--ca-dir", str(tmp_path / "file"), "--", "sh", "-c", f"{BUY} buy 9")
    assert errors.startswith("mockserver: ")


def test_requests_are_logged_only_where_the_flag_asks_for_it() -> None:
    command = ("--", "sh", "-c", f"{BUY} buy 9")
    assert run(*command, MOCKSERVER_ACCESS_LOG="human")[2] == ""
    assert " POST /purchase 422 " in run("--access-log", "human", *command)[2]


@pytest.mark.slow
def test_a_terminal_has_no_line_for_each_request() -> None:
    child = "curl -s -o /dev/null https://daisysim.com/api/v1/virtual/balance"
    script = f"{sys.executable} -m mockserver run -- {child}; echo code $?"
    with at_a_terminal(script) as process:
        assert until(process, b"code 0") == b"code 0"


def test_the_help_says_what_is_true_for_this_command() -> None:
    code, text, _ = run("--help")
    assert code == 0
    text = " ".join(text.split())
    for name in ("HOST", "PORT", "TLS", "TLS_PORT", "STATE", "SAVE_ON_EXIT", "ACCESS_LOG"):
        assert f"[MOCKSERVER_{name}]" not in text
        assert f"[MOCKSERVER_{name}," not in text
    assert "default 127.0.0.1" in text
    assert "banner" not in text.lower()


def test_the_sandbox_is_the_unnamed_world_and_the_proxy_user() -> None:
    script = (
        "echo $HTTPS_PROXY; curl -s $MOCKSERVER_URL/_mock/requests | grep -c balance;"
        "curl -s -o /dev/null https://daisysim.com/api/v1/virtual/balance;"
        "curl -s $MOCKSERVER_URL/_mock/requests | grep -c balance;"
        "curl -s $MOCKSERVER_URL/~shop/_mock/requests | grep -c balance"
    )
    _, output, _ = run("--sandbox", "shop", "--", "sh", "-c", script)
    proxy, *counts = output.split()
    assert re.fullmatch(r"http://shop:x@127\.0\.0\.1:\d+", proxy)
    assert counts == ["0", "1", "1"]


def test_flags_of_serve_and_scenarios_are_in_force() -> None:
    script = (
        "curl -s $MOCKSERVER_URL/_mock/scenarios/active; curl -s $MOCKSERVER_URL/_mock/clock; "
        "curl -s -o /dev/null -w '%{http_code}' -X DELETE $MOCKSERVER_URL/_mock/requests; printf $MOCKSERVER_TOKEN"
    )
    flags = ("--clock", "frozen", "--start", "2026-01-31T12:00:00Z", "--token", "secret")
    scenarios = ("--scenario", "no-sms", "--scenario", "sold-out")
    _, output, _ = run(*flags, *scenarios, "--", "sh", "-c", script, MOCKSERVER_PORT="1", MOCKSERVER_STATE="/none")
    assert output.endswith("401secret")
    script = script.replace("curl -s", "curl -s -H 'X-Mock-Token: secret'")
    _, output, _ = run(*flags, *scenarios, "--", "sh", "-c", script)
    assert output.startswith('["no-sms","sold-out"]')
    assert "2026-01-31T12:00:00" in output
    assert output.endswith("204secret")


def test_what_is_asked_for_wrongly_runs_no_command() -> None:
    echo = ("--", "echo", "ran")
    for arguments, message in {
        ("--scenario", "no-smss"): "the server refused: ",
        ("--tls", "off"): "--tls off: the command's clients need TLS",
        ("--seed", "1", "--url", "http://127.0.0.1:1"): "--seed: not with --url, whose server has been started already",
        ("--url", "nowhere"): "--url and MOCKSERVER_URL are like ",
        ("--url", "http://127.0.0.1:1"): "no server answers at http://127.0.0.1:1: connection refused",
        ("--sandbox", "No Name"): "--sandbox: must be ",
    }.items():
        code, output, errors = run(*arguments, *echo)
        assert (code in (1, 2), output) == (True, "")
        assert errors.startswith(f"mockserver: {message}")
        assert errors.count("\n") == 1


def test_a_server_that_runs_already_is_used_and_left_running(tmp_path: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path / "theirs", seed=1))) as server:
        script = f"{BUY} buy 0.3664; buy 9; exit 1"
        arguments = ("--url", server.url, "--sandbox", "shop", "--ca-dir", str(tmp_path / "ours"), "--")
        code, output, first = run(*arguments, "sh", "-c", script)
        assert (code, output) == (1, "201 422 ")
        assert first.count("\n") == 1
        # What was refused before is another command's.
        code, output, second = run(*arguments, "sh", "-c", "exit 1")
        assert (code, output) == (1, "")
        assert second == f"mockserver: the journals of {server.url} hold no request of the command: {HINT}\n"
        rows = httpx.get(f"{server.url}/~shop/_mock/requests", trust_env=False).json()["requests"]
        assert [row["status"] for row in rows] == [422, 201]
    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["servers"]


def test_commands_of_ours_within_the_command_are_about_its_sandbox(tmp_path: Path) -> None:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path, token="secret"))) as server:
        arguments = ("--url", server.url, "--sandbox", "shop", "--token", "secret", "--ca-dir", str(tmp_path))
        advance = (sys.executable, "-m", "mockserver", "clock", "advance", "1h")
        code, _, errors = run(*arguments, "--quiet", "--", *advance)
        assert (code, errors) == (0, "")
        headers = {"X-Mock-Token": "secret"}
        clocks = [
            httpx.get(f"{server.url}{path}/_mock/clock", headers=headers, trust_env=False).json()["now"]
            for path in ("", "/~shop")
        ]
    assert clocks[0][:13] != clocks[1][:13]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="what tells that the start has begun is Linux's")
def test_a_start_is_interrupted_like_a_command() -> None:
    with running("--populate", "10000", "--", "echo", "ran") as process:
        threads = Path(f"/proc/{process.pid}/task")
        while len(list(threads.iterdir())) == 1:  # the server's thread has not begun
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (130, "")


def test_a_directory_of_the_ca_that_cannot_be_used_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    script = f"{BUY} buy 9; echo $SSL_CERT_FILE"
    code, output, errors = run("--ca-dir", str(file), "--", "sh", "-c", script)
    status, bundle = output.split()
    assert (code, status) == (0, "422")
    assert not Path(bundle).exists()
    assert "--ca-dir" in errors
    assert errors.count("\n") == 1


def test_open_files_are_inherited(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("inherited")
    script = f"exec {sys.executable} -m mockserver run -- cat /dev/fd/7 7<file"
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "inherited"


def test_options_after_the_command_are_the_commands_without_two_hyphens() -> None:
    assert run("--quiet", "echo", "--quiet", "-h") == (0, "--quiet -h\n", "")


def test_the_variables_are_in_the_environment_of_the_command_alone() -> None:
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    _, output, _ = run("--", sys.executable, "-c", script, NO_PROXY="intranet", KEPT="kept")
    found = json.loads(output)
    assert found["KEPT"] == "kept"
    assert found["NO_PROXY"].startswith("intranet,")
    assert found["NODE_USE_ENV_PROXY"] == "1"
    assert "MOCKSERVER_SANDBOX" not in found


def test_what_a_request_says_changes_nothing_on_a_terminal(tmp_path: Path) -> None:
    script = 'curl -s -o /dev/null "$MOCKSERVER_URL/daisysim.com/x%1b%5b31mred%0aFAKE"; exit 3'
    ran = subprocess.run(
        [sys.executable, "-m", "mockserver", "run", "--ca-dir", str(tmp_path), "--", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 3
    assert "\x1b" not in ran.stderr
    assert all(line.startswith("mockserver: ") for line in ran.stderr.splitlines())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_do_no_harm(closed: str, tmp_path: Path) -> None:
    command = f"{sys.executable} -m mockserver run --quiet --ca-dir '{tmp_path}' -- sh -c 'exit 3' {closed}"
    ran = subprocess.run(["sh", "-c", command], timeout=60, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (3, "")

"""`--watch`, in a real server process: a saved file takes effect within a second."""

import json
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.outside import BASE, DEMO, acme_installed
from tests.server.processes import line_of, python

TEXT = """\
scenario: night
provider: acme
about: {about}
machine:
  kind: activation
  start: {start}
  states:
    {start}:
      transitions:
        - {{on: sms, to: {done}, effects: [{{message: sms}}]}}
    {done}: {{final: true}}
"""


class Server:
    """A server that watches a directory."""

    def __init__(self, process: "subprocess.Popen[str]", root: Path) -> None:
        self.process = process
        self.root = root
        self.url: str = json.loads(line_of(process))["url"]
        self.said: list[str] = []
        self._heard = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                self.said.append(line.rstrip())
                self._heard.notify()

    def save(self, text: str, name: str = "night", *, provider: str = "acme") -> Path:
        path = self.root / provider / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def wait(self, holds: Callable[[list[str]], bool], *, seconds: float = 5) -> float:
        """Until its stderr is so; how long that took."""
        began = monotonic()
        with self._heard:
            assert self._heard.wait_for(lambda: holds(self.said), timeout=seconds), self.said
        return monotonic() - began

    def wait_line(self, line: str) -> float:
        count = self.said.count(line)
        return self.wait(lambda said: said.count(line) > count)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, DEMO, method=method)) as answer:
            return json.load(answer)

    def buy(self) -> dict[str, Any]:
        bought = self.ask("POST", f"{BASE}/orders", {"service": "chat"})
        return self.order(bought["id"])

    def order(self, order: str) -> dict[str, Any]:
        data: dict[str, Any] = self.ask("GET", f"/_mock/orders/acme/{order}")
        return data


def text(about: str = "x", start: str = "first", done: str = "done") -> str:
    return TEXT.format(about=about, start=start, done=done)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "scenarios"
    (root / "acme").mkdir(parents=True)
    (root / "acme" / "night.yaml").write_text(text(), encoding="utf-8")
    # A program asks for the banner as JSON; with the log in JSON too, what is said would be JSON lines.
    code = "import sys, mockserver.cli.banner as banner; banner.as_text = banner.as_json; import mockserver.cli as cli"
    given = ("--port", "0", "--watch", "--scenarios", str(root))
    installed = acme_installed(tmp_path / "installed")
    with python("-c", f"{code}; sys.exit(cli.main())", *given, **installed) as process:
        yield Server(process, root)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def seconds_to_use(server: Server, saved: str) -> float:
    """Save a file, and wait until the server says that it is in use."""
    waiting = threading.Thread(target=server.wait_line, args=("mockserver: acme/night is in use as it is now",))
    waiting.start()
    began = monotonic()
    server.save(saved)
    waiting.join()
    return monotonic() - began


def test_a_saved_file_is_in_force_within_a_second_and_running_orders_keep_theirs(server: Server) -> None:
    server.ask("PUT", "/_mock/scenarios/active", ["night"])
    old = server.buy()
    assert old["state"] == "first"
    took = [seconds_to_use(server, text(start="second", done="over"))]
    assert server.buy()["state"] == "second"
    # A second is promised on a machine that has time for us: on a busy one, of a few files one is taken up so quickly.
    while min(took) >= 1 and len(took) < 4:
        took.append(seconds_to_use(server, text(about=f"try {len(took)}", start="second", done="over")))
    assert min(took) < 1
    # The order of before goes its own way to its own end.
    after = server.ask("POST", f"/_mock/orders/acme/{old['id']}/events", {"event": "sms"})
    assert after["state"] == "done"


def test_a_bad_file_is_reported_with_its_place_and_changes_nothing(server: Server) -> None:
    server.ask("PUT", "/_mock/scenarios/active", ["night"])
    path = server.save(text().replace("to: done", "to: nowhere"))
    server.wait(lambda said: "mockserver: acme/night stays as it was" in said)
    assert f"{path}:10:25: unknown state 'nowhere' (one of first, done)" in server.said
    assert server.buy()["state"] == "first"
    assert server.ask("GET", "/_mock/scenarios/active") == ["night"]
    # Said once, and forgotten as soon as it is right.
    server.save(text(start="third"))
    server.wait(lambda said: "mockserver: acme/night is in use as it is now" in said)
    assert sum(":10:25: " in line for line in server.said) == 1
    assert server.buy()["state"] == "third"


def test_settings_and_states_that_cannot_be_are_reported_too(server: Server) -> None:
    path = server.save(text() + "settings: {acme.cancel_aftr: 1s}\n")
    server.wait(lambda said: "mockserver: acme/night stays as it was" in said)
    assert f"{path}:12:12: unknown setting: 'acme.cancel_aftr' (did you mean 'acme.cancel_after'?)" in server.said
    server.ask("PUT", "/_mock/scenarios/active", ["night"])
    server.save("scenario: night\nprovider: acme\nabout: x\nrules: [{then: {start: moon}}]\n")
    server.wait(lambda said: any("leads into unknown state 'moon'" in line for line in said))
    assert server.buy()["state"] == "first"


def test_new_files_are_found_and_deleted_ones_forgotten(server: Server) -> None:
    def names() -> set[str]:
        return {row["name"] for row in server.ask("GET", "/_mock/scenarios")["scenarios"]}

    path = server.save(text().replace("scenario: night", "scenario: dawn"), "dawn")
    server.wait(lambda said: "mockserver: acme/dawn is in use as it is now" in said)
    server.ask("PUT", "/_mock/scenarios/active", ["dawn", "no-sms"])
    order = server.buy()
    path.unlink()
    server.wait(lambda said: "mockserver: acme/dawn is gone" in said)
    assert "dawn" not in names()
    assert server.ask("GET", "/_mock/scenarios/active") == ["no-sms"]
    assert server.buy()["state"] == "waiting"
    after = server.ask("POST", f"/_mock/orders/acme/{order['id']}/events", {"event": "sms"})
    assert after["state"] == "done"


def test_a_default_of_ones_own_gives_way_to_the_bundled_one_when_it_goes(server: Server) -> None:
    path = server.save(text(start="mine").replace("scenario: night", "scenario: quick"), "quick")
    server.wait(lambda said: "mockserver: acme/quick is in use as it is now" in said)
    assert server.buy()["state"] == "mine"
    path.unlink()
    server.wait(lambda said: said.count("mockserver: acme/quick is in use as it is now") == 2)
    assert server.buy()["state"] == "waiting"


def test_watching_needs_a_directory() -> None:
    with python("-m", "mockserver", "--watch") as process:
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output) == (2, "")
    assert errors == "mockserver: --watch: needs a directory to watch: add --scenarios DIR\n"

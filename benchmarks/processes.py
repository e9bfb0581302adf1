"""The processes of a benchmark: servers under measurement, and the load generator that is asked to load them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from load import Job, Outcome

HERE = Path(__file__).resolve().parent
KEY = "daisy-demo"
_FLAGS = ("--port", "0", "--rate-limits", "off", "--clock", "real", "--log-format", "json")
BASE = "/daisysim.com/api/v1/virtual"


class Failed(Exception):
    """The benchmark cannot go on, and why."""


def mock_command() -> list[str]:
    """The installed command of this interpreter where there is one, else the package of the checkout."""
    script = shutil.which("mockserver", path=str(Path(sys.executable).parent))
    command = [script] if script else [sys.executable, "-m", "mockserver"]
    return [*command, *_FLAGS]


def observed_command() -> list[str]:
    """A mock server of the checkout that `bytes_in_use` can be asked of."""
    return [sys.executable, str(HERE / "observed.py"), *_FLAGS]


def bare_command(*, starlette: bool = False) -> list[str]:
    """The application to compare with."""
    return [sys.executable, str(HERE / "bare.py"), *(["--starlette"] if starlette else [])]


class Server:
    """A server process; `url` and `port` are what it prints. Use as a context manager."""

    def __init__(self, command: Sequence[str]) -> None:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
        # An installed package has its byte code; without it every start would compile ours, and ours alone.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        self.process = subprocess.Popen(command, cwd=HERE.parent, env=variables, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        try:
            self.url: str = json.loads(line)["url"].rstrip("/")
        except (ValueError, KeyError):
            self.stop()
            raise Failed(f"{' '.join(command)} did not start: {line!r}") from None
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process and wait for it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def processor_seconds(self) -> float:
        """Processor time that all threads have had; in nanoseconds where the kernel counts them, else in ticks."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        try:
            return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
        except (OSError, IndexError, ValueError):
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kib(self) -> int:
        """Resident memory now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise Failed("the system does not tell how much memory a process has")

    def bytes_in_use(self) -> int:
        """Bytes of living objects; of an `observed_command` alone."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline())

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = KEY,
        patience: float = 300,
        credential: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of one answer; raises Failed when it is not a 2xx. `credential` are headers in place of the key."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=patience)
        try:
            content = None if body is None else json.dumps(body)
            headers = {**(credential or {"Authorization": f"Bearer {key}"}), "Content-Type": "application/json"}
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            text = answer.read()
            if not 200 <= answer.status < 300:
                raise Failed(f"{method} {path} answered {answer.status}: {text[:300].decode(errors='replace')}")
            return json.loads(text)
        finally:
            connection.close()


def request_text(
    method: str, path: str, body: object = None, *, key: str = KEY, credential: Mapping[str, str] | None = None
) -> str:
    """The bytes of a request, as a text for the load generator. `credential` are headers in place of the key."""
    given = "".join(f"{name}: {value}\r\n" for name, value in (credential or {}).items())
    given = given or f"Authorization: Bearer {key}\r\n"
    content = "" if body is None else json.dumps(body)
    length = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if body is not None else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{given}{length}\r\n{content}"


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator reports, plus `cost`: processor seconds of the server per turn."""

    turns: int
    seconds: float
    busy: float
    ids: list[str]
    cost: float
    p99: float = 0.0

    @property
    def rate(self) -> float:
        """Turns per second."""
        return self.turns / self.seconds


class Generator:
    """The load generator's process. Use as a context manager."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "load.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()

    def load(self, server: Server, job: Job) -> Load:
        """Run the job against the server; raises Failed with the first answer that is not what was expected."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        before = server.processor_seconds()
        try:
            self.process.stdin.write(json.dumps(asdict(replace(job, port=server.port))) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed("the load generator ended") from None
        line = self.process.stdout.readline()
        spent = server.processor_seconds() - before
        if not line:
            raise Failed("the load generator ended")
        outcome = Outcome(**json.loads(line))
        if outcome.error or not outcome.turns:
            raise Failed(outcome.error or "no request was answered")
        return Load(outcome.turns, outcome.seconds, outcome.busy, outcome.ids, spent / outcome.turns, outcome.p99)


def cold_start(command: Sequence[str], path: str) -> float:
    """Seconds from the start of the process to the end of its first answer."""
    started = perf_counter()
    with Server(command) as server:
        server.call("GET", path)
        return perf_counter() - started

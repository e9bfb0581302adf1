"""The load generator, a process of its own: raw sockets, prepared bytes, keep-alive connections, hardly any parsing.

It reads one job per line from standard input and answers each with one line (JSON, see `Job`, `Outcome`).
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Any, cast

import uvloop

LONGEST_WAIT = 60.0
"""Seconds after which a connection without an answer fails the job."""


@dataclass(frozen=True, slots=True)
class Job:
    """One burst of load against 127.0.0.1.

    It ends after `seconds`, or after `count` turns if there is one. A turn is one request, taken from `requests` in
    order, round and round; with `then`, a second request follows in which ID is replaced by the text that the first
    answer has under `id_name`. `limits`, when given, says how many times each request may be sent. Any status other
    than `statuses` fails the job. Texts are Latin-1. `timed` asks for the latency of requests, too.
    """

    requests: list[str]
    seconds: float = 0.0
    count: int | None = None
    then: str | None = None
    id_name: str = "activation_id"
    limits: list[int] | None = None
    connections: int = 16
    statuses: tuple[int, ...] = (200, 201)
    port: int = 0
    timed: bool = False


@dataclass(slots=True)
class Outcome:
    """`turns` in `seconds`; `busy` is the share of them in which this process had the processor.

    `p99` is the latency in seconds that 99 of 100 requests kept below; 0 where nothing was timed.
    """

    turns: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    ids: list[str] = field(default_factory=list)
    error: str | None = None
    p99: float = 0.0


@dataclass(slots=True)
class Burst:
    """What the connections of one job share."""

    job: Job
    supply: Iterator[bytes]
    then: tuple[bytes, bytes] | None
    done: asyncio.Future[None]
    outcome: Outcome
    statuses: frozenset[bytes]
    deadline: float
    id_mark: bytes = b""
    open: int = 0
    taken: int = 0
    last: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def take(self) -> bytes | None:
        """The next turn's request, or None when the burst is over."""
        if self.job.count is None:
            if perf_counter() >= self.deadline:
                return None
        elif self.taken >= self.job.count:
            return None
        self.taken += 1
        return next(self.supply, None)

    def fail(self, message: str) -> None:
        """End the burst with an error; the first one is kept."""
        if not self.done.done():
            self.outcome.error = message
            self.done.set_result(None)

    def close_one(self) -> None:
        """A connection has nothing more to do."""
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """Sends one request at a time and counts its answer by Content-Length."""

    __slots__ = ("burst", "following", "pending", "request", "sent", "transport")

    def __init__(self, burst: Burst) -> None:
        self.burst = burst
        self.pending = b""
        self.following = False
        self.request = b""
        self.sent = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to write on."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods, not by its class

    def connection_lost(self, error: Exception | None) -> None:
        """End the burst: a server that closes a connection loses requests."""
        self.burst.fail(f"the server closed a connection: {error}")

    def data_received(self, data: bytes) -> None:
        """Take up an answer, once it is whole, and send what is next."""
        if self.pending:
            data = self.pending + data
        head = data.find(b"\r\n\r\n")
        if head < 0 or len(data) < head + 4 + (length := _content_length(data, head)):
            self.pending = data
            return
        self.pending = b""
        if data[9:12] not in self.burst.statuses or len(data) != head + 4 + length:
            self.burst.fail(f"unexpected answer to {self.request[:300]!r}: {data[:600]!r}")
            return
        self.answered(data, head + 4)

    def answered(self, data: bytes, body: int) -> None:
        """One answer is complete: send what follows it, or begin the next turn."""
        burst = self.burst
        if burst.job.timed:
            burst.latencies.append(perf_counter() - self.sent)
        if burst.then is not None and not self.following:
            self.following = True
            number = _id(data, body, burst.id_mark)
            burst.outcome.ids.append(number.decode())
            self.send(burst.then[0] + number + burst.then[1])
            return
        self.following = False
        burst.outcome.turns += 1
        burst.last = perf_counter()
        if burst.job.limits is not None and burst.then is None:
            burst.outcome.ids.append(_id(data, body, burst.id_mark).decode())
        self.begin()

    def begin(self) -> None:
        """The next turn, or the end of this connection's part."""
        request = self.burst.take()
        if request is None:
            self.burst.close_one()
        else:
            self.send(request)

    def send(self, request: bytes) -> None:
        """Hand the bytes to the socket."""
        assert self.transport is not None
        self.request = request
        if self.burst.job.timed:
            self.sent = perf_counter()
        self.transport.write(request)


def _content_length(data: bytes, head: int) -> int:
    at = data.find(b"content-length: ", 0, head)
    if at < 0:
        at = data[:head].lower().find(b"content-length: ")
    if at < 0:
        return 0
    return int(data[at + 16 : data.find(b"\r", at)])


def _id(data: bytes, body: int, mark: bytes) -> bytes:
    at = data.find(mark, body)
    if at < 0:
        return b"0"
    start = data.find(b'"', at + len(mark)) + 1
    return data[start : data.find(b'"', start)]


def _limited(requests: list[bytes], limits: list[int]) -> Iterator[bytes]:
    """Each request as often as it may be sent, the first ones first."""
    for request, limit in zip(requests, limits, strict=True):
        for _ in range(limit):
            yield request


async def burst(job: Job) -> Outcome:
    """Run one job; what goes wrong is told in the outcome's `error`."""
    loop = asyncio.get_running_loop()
    requests = [text.encode("latin-1") for text in job.requests]
    supply = cycle(requests) if job.limits is None else _limited(requests, job.limits)
    then: tuple[bytes, bytes] | None = None
    if job.then is not None:
        before, _, after = job.then.encode("latin-1").partition(b"ID")
        then = (before, after)
    statuses = frozenset(str(status).encode() for status in job.statuses)
    mark = f'"{job.id_name}":'.encode()
    shared = Burst(job, supply, then, loop.create_future(), Outcome(), statuses, 0.0, mark)
    made = [
        await loop.create_connection(lambda: Connection(shared), "127.0.0.1", job.port) for _ in range(job.connections)
    ]
    shared.open = len(made)
    started, used = perf_counter(), _processor_seconds()
    shared.last, shared.deadline = started, started + job.seconds
    for _, connection in made:
        connection.begin()
    try:
        await asyncio.wait_for(shared.done, max(job.seconds + LONGEST_WAIT, (job.count or 0) / 200))
    except TimeoutError:
        shared.fail("no answer in time")
        shared.outcome.error = "no answer in time"
    shared.outcome.seconds = shared.last - started
    shared.outcome.busy = (_processor_seconds() - used) / max(perf_counter() - started, 1e-9)
    if shared.latencies:
        shared.outcome.p99 = sorted(shared.latencies)[len(shared.latencies) * 99 // 100]
    for transport, _ in made:
        transport.abort()
    return shared.outcome


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Serve jobs until standard input ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            fields: dict[str, Any] = json.loads(line)
            try:
                outcome = runner.run(burst(Job(**fields)))
            except OSError as error:
                outcome = Outcome(error=str(error))
            print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main()

"""Measure what the event stream costs: `python benchmarks/events.py [--quick]`.

The same load on one server, in turn without a reader of the stream, with one and with ten, at full speed on 16
connections; and what it costs to keep an event that nobody reads. Processor time of the server for a request, and the
latency that 99 of 100 requests keep below: medians of the rounds' ratios to no reader. Linux only (it reads /proc).
"""

import argparse
import selectors
import socket
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from threading import Event, Thread
from time import process_time
from types import TracebackType
from typing import Self

from load import Job
from mockserver.events.feed import Feed
from mockserver.journal.journal import Entry
from processes import BASE, Generator, Load, Server, mock_command, request_text
from topups import prepare_topups, topup_jobs

READERS = (0, 1, 10)


class Readers:
    """So many readers of all events, in a thread that throws away what it reads. Use as a context manager."""

    def __init__(self, server: Server, count: int) -> None:
        self.received = 0
        self._selector = selectors.DefaultSelector()
        self._ended = Event()
        self._thread = Thread(target=self._read, daemon=True)
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(b"GET /_mock/events?sandbox=* HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 "), "the reader was refused"
            self._selector.register(connection, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.05):
                assert isinstance(key.fileobj, socket.socket)
                self.received += len(key.fileobj.recv(262_144))


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Measure the event stream of the mock server.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; rougher figures")
    rounds = 5 if parser.parse_args().quick else 15
    print(f"keeping an event that nobody reads: {unread():.2f} us\n")
    print("| load | readers | processor time | to none | p99 | to none | read |\n| --- | ---: " + "| ---: " * 5 + "|")
    with ExitStack() as stack:
        server = stack.enter_context(Server(mock_command()))
        generator = stack.enter_context(Generator())
        prepare_topups(server)
        read = Job([request_text("GET", f"{BASE}/countries")], 0.5)
        jobs = {"DaisySIM countries": read, "v2 order + read": topup_jobs(server, 0.5)["v2 order + read"]}
        for name, job in jobs.items():
            measure(server, generator, name, replace(job, timed=True), rounds)
    return 0


def measure(server: Server, generator: Generator, name: str, job: Job, rounds: int) -> None:
    """Print a row for each number of readers, measured in turn; the first round does not count."""
    loads: dict[int, list[Load]] = {count: [] for count in READERS}
    received = dict.fromkeys(READERS, 0)
    for number in range(rounds + 1):
        for count in READERS:
            with Readers(server, count) as readers:
                load = generator.load(server, job)
            if number:
                loads[count].append(load)
                received[count] += readers.received
    for count in READERS:
        pairs = list(zip(loads[count], loads[0], strict=True))
        cost, cost_ratio = median(one.cost for one, _ in pairs), median(one.cost / none.cost for one, none in pairs)
        p99, p99_ratio = median(one.p99 for one, _ in pairs), median(one.p99 / none.p99 for one, none in pairs)
        kilobytes = received[count] / 1000 / rounds
        print(
            f"| {name} | {count} | {cost * 1e6:,.0f} us | {cost_ratio:.2f} x | {p99 * 1e3:.1f} ms | {p99_ratio:.2f} x"
            f" | {kilobytes:,.0f} KB |"
        )


def unread(count: int = 200_000) -> float:
    """Microseconds in which the event of a request is kept."""
    feed = Feed()
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    entry = Entry("req_00000001", moment, "acme", "GET", "/orders/123", "", (), b"", status=200)
    best = float("inf")
    for _ in range(5):
        began = process_time()
        for _ in range(count):
            feed.answered("default", entry)
        best = min(best, process_time() - began)
    return best / count * 1e6


if __name__ == "__main__":
    sys.exit(main())

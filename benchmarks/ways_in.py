"""Measure what each way into the server costs: `python benchmarks/ways_in.py [--quick]`.

The same read of one server, in turn over plain HTTP, TLS and a tunnel with TLS inside, on connections that are kept;
then new connections, plain and with a TLS handshake. Processor time of the server, the least of the rounds: ratios to
plain HTTP in the same run. Linux only (it reads /proc).
"""

import argparse
import http.client
import ssl
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

from processes import BASE, Server, mock_command

HOST = "daisysim.com"
PATH = "/api/v1/virtual/countries"
HEADERS = {"Authorization": "Bearer daisy-demo", "Host": HOST}
Connect = Callable[[], http.client.HTTPConnection]


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Compare the ways into the mock server.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; rougher figures")
    arguments = parser.parse_args()
    rounds = 5 if arguments.quick else 15
    with tempfile.TemporaryDirectory() as directory, Server([*mock_command(), "--ca-dir", directory]) as server:
        server.call("GET", f"{BASE}/countries")
        context = trusting(server, Path(directory))
        ways: dict[str, Connect] = {
            "plain HTTP": lambda: http.client.HTTPConnection("127.0.0.1", server.port),
            "TLS": lambda: secure(server.port, context),
            "tunnel, TLS inside": lambda: tunnelled(server.port, context),
        }
        kept = least(server, {name: kept_reads(connect) for name, connect in ways.items()}, rounds)
        opened = least(server, {name: new_connections(connect) for name, connect in ways.items()}, rounds)
    print("| what | processor time | to plain HTTP | a second |\n| --- | ---: | ---: | ---: |")
    for what, figures in (("a read on a kept connection", kept), ("a read on a new connection", opened)):
        for name, (cost, rate) in figures.items():
            ratio = cost / figures["plain HTTP"][0]
            print(f"| {what}, {name} | {cost * 1e6:,.0f} us | {ratio:.2f} x | {rate:,.0f} |")
    return 0


def trusting(server: Server, directory: Path) -> ssl.SSLContext:
    """A client that trusts the server's CA; asking for it has it made."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/_mock/ca.pem")
        pem = connection.getresponse().read().decode()
    (directory / "client.pem").write_text(pem)
    return ssl.create_default_context(cafile=str(directory / "client.pem"))


def secure(port: int, context: ssl.SSLContext) -> http.client.HTTPConnection:
    """A connection to the port with TLS for the emulated host."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    connection.sock = context.wrap_socket(connection.sock, server_hostname=HOST)
    return connection


def tunnelled(port: int, context: ssl.SSLContext) -> http.client.HTTPConnection:
    """A connection through a tunnel, as clients make it that are given a proxy."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    connection.set_tunnel(HOST, 443)
    return connection


def read(connection: http.client.HTTPConnection) -> None:
    """One read; raises AssertionError for any other answer."""
    connection.request("GET", PATH, headers=HEADERS)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    answer.read()


def kept_reads(connect: Connect, count: int = 300) -> Callable[[], int]:
    """Reads on one connection, which is opened before anything is measured."""
    connection = connect()
    read(connection)

    def burst() -> int:
        for _ in range(count):
            read(connection)
        return count

    return burst


def new_connections(connect: Connect, count: int = 60) -> Callable[[], int]:
    """Reads on connections of their own, each with a full handshake."""

    def burst() -> int:
        for _ in range(count):
            with closing(connect()) as connection:
                read(connection)
        return count

    return burst


def least(server: Server, bursts: dict[str, Callable[[], int]], rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds of the server's processor time for one read, and reads a second: the best round of each, in turn."""
    best = dict.fromkeys(bursts, (float("inf"), 0.0))
    for _ in range(rounds):
        for name, burst in bursts.items():
            used, began = server.processor_seconds(), perf_counter()
            count = burst()
            cost = (server.processor_seconds() - used) / count
            rate = count / (perf_counter() - began)
            best[name] = (min(best[name][0], cost), max(best[name][1], rate))
    return best


if __name__ == "__main__":
    sys.exit(main())

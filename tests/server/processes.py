"""Real server processes for tests, and raw connections to them."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def python(*arguments: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """A Python process at the checkout's root, with no settings but those in `variables`; killed at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **variables}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: "subprocess.Popen[str]") -> str:
    """The next line of its stdout."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


class Way(NamedTuple):
    """How connections are made: through a tunnel, with TLS, or both."""

    tunnel: bool = False
    tls: ssl.SSLContext | None = None


#: How `connect` goes about it; a fixture may set another for a while.
WAY = Way()


def connect(url: str, sent: bytes = b"") -> socket.socket:
    """A connection to a server on which `sent` has been sent."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
    if WAY.tunnel:
        connection.sendall(b"CONNECT daisysim.com:443 HTTP/1.1\r\nHost: daisysim.com:443\r\n\r\n")
        assert receive_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    if WAY.tls is not None:
        connection = WAY.tls.wrap_socket(connection, server_hostname="daisysim.com")
    connection.sendall(sent)
    return connection


def receive_until(connection: socket.socket, wanted: bytes) -> bytes:
    """What comes until `wanted` is in it; raises AssertionError when the connection ends before."""
    received = b""
    while wanted not in received:
        part = connection.recv(65_536)
        assert part, f"connection ended after {received!r}"
        received += part
    return received

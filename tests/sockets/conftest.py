"""A server with sockets, once on each of its parsers, and for some modules through TLS and tunnels too."""

import ssl
import sys
from collections.abc import Iterator

import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer
from tests.server import processes
from tests.support import frozen_settings
from tests.trust import client_context

#: The ways in that a module's `WAYS` may name.
PLAIN = ("httptools", "h11")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask each test that wants a `url` on every way in of its module."""
    if "url" in metafunc.fixturenames:
        metafunc.parametrize("url", getattr(metafunc.module, "WAYS", PLAIN), indirect=True, scope="module")


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A real server with its clock frozen and no rate limits; raw connections to it take the way that is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setitem(sys.modules, "mockserver.listener.http_protocol", None)
        with LiveServer(create_app(frozen_settings(rate_limits="off"))) as live:
            if request.param not in PLAIN:
                patch.setattr(processes, "WAY", processes.Way(request.param == "tunnel", _context(live.url)))
            yield live.url


def _context(url: str) -> ssl.SSLContext:
    return client_context(url)

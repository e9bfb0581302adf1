"""A server with sockets, once on each of its parsers, and for some modules through TLS and tunnels too."""

import sys
from collections.abc import Iterator

import pytest

from mockserver.app import App
from mockserver.server import LiveServer
from tests.served import ACME, PROVIDERS
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
    """A real server of all providers and Acme; raw connections to it take the way that is asked for.

    Its clock is frozen, and there are no rate limits.
    """
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setitem(sys.modules, "mockserver.listener.http_protocol", None)
        with LiveServer(App(frozen_settings(rate_limits="off"), [*PROVIDERS, ACME])) as live:
            if request.param not in PLAIN:
                patch.setattr(processes, "WAY", processes.Way(request.param == "tunnel", client_context(live.url)))
            yield live.url

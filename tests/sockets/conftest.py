"""A server with sockets, once on each of its parsers."""

import sys
from collections.abc import Iterator

import pytest

from mockserver.app import App
from mockserver.http.protocol import http_protocol
from mockserver.server import LiveServer
from tests.served import ACME, PROVIDERS
from tests.support import frozen_settings


@pytest.fixture(scope="module", params=["httptools", "h11"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A real server of all providers and Acme with its clock frozen and no rate limits, on either parser."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setitem(sys.modules, "mockserver.http.protocol_httptools", None)
        assert http_protocol().__name__ == {"httptools": "ForgivingHttpTools", "h11": "ForgivingH11"}[request.param]
        live = LiveServer(App(frozen_settings(rate_limits="off"), [*PROVIDERS, ACME]))
    with live:
        yield live.url

"""A server with sockets, once on each of its parsers."""

import sys
from collections.abc import Iterator

import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer
from tests.support import frozen_settings


@pytest.fixture(scope="module", params=["httptools", "h11"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A real server with its clock frozen and no rate limits, on either parser."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setitem(sys.modules, "mockserver.listener.http_protocol", None)
        with LiveServer(create_app(frozen_settings(rate_limits="off"))) as live:
            yield live.url

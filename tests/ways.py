"""The ways by which the conformance suite reaches a server: in process, or over real sockets.

`MOCKSERVER_TEST_WAY` names one of `WAYS`: `memory`, `plain` HTTP, `tls`, or `proxy` (a tunnel, TLS inside). The
requests are the same; those through the proxy go to the real hosts.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from mockserver.app import App
from mockserver.server import LiveServer
from tests.support import ORIGIN, InProcess, World
from tests.trust import client_context

WAYS = ("memory", "plain", "tls", "proxy")
WAY = os.environ.get("MOCKSERVER_TEST_WAY") or "memory"
assert WAY in WAYS, WAY
#: By which address the server names itself to the suite.
NAMED = ORIGIN if WAY in ("memory", "plain") else ORIGIN.replace("http:", "https:")


@asynccontextmanager
async def served(app: App) -> AsyncIterator[World]:
    """This app, started, reached on the way that is asked for, and stopped in the end."""
    if WAY == "memory":
        await app.startup()
        try:
            async with InProcess(app) as client:
                yield World(app, client)
        finally:
            await app.shutdown()
        return
    with LiveServer(app) as live:
        hosts = app.listener_options.hosts or frozenset()
        async with InProcess(app, _OverSockets(live.url, hosts)) as client:
            yield World(app, client)


class _OverSockets(httpx.AsyncBaseTransport):
    """Sends requests to a server instead, and those for emulated hosts to these through its proxy."""

    def __init__(self, url: str, hosts: frozenset[str]) -> None:
        self._url = httpx.URL(url)
        self._hosts = hosts
        context = client_context(url)
        proxy = httpx.Proxy(url) if WAY == "proxy" else None
        self._through = httpx.AsyncHTTPTransport(verify=context, proxy=proxy, trust_env=False)
        self._direct = httpx.AsyncHTTPTransport(verify=context, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on the way that is asked for."""
        emulated = self._emulated(request.url.raw_path.decode("ascii"))
        if WAY == "proxy" and emulated is not None and request.headers.get("host") == request.url.netloc.decode():
            host, path = emulated
            request.url = httpx.URL(scheme="https", host=host, raw_path=path.encode("ascii"))
            request.headers["host"] = host
            return await self._through.handle_async_request(request)
        scheme = "http" if WAY == "plain" else "https"
        request.extensions = {**request.extensions, "sni_hostname": "localhost"}
        request.url = request.url.copy_with(scheme=scheme, host=self._url.host, port=self._url.port)
        return await self._direct.handle_async_request(request)

    async def aclose(self) -> None:
        """Close both."""
        await self._through.aclose()
        await self._direct.aclose()

    def _emulated(self, path: str) -> tuple[str, str] | None:
        """The emulated host in a path, and the path without it; None where there is none."""
        first, _, rest = path[1:].partition("/")
        sandbox = ""
        if first.startswith("~"):
            sandbox = f"/{first}"
            first, _, rest = rest.partition("/")
        return (first, f"{sandbox}/{rest}") if first in self._hosts else None

"""Settings of the way in: more ports, the sandbox of unnamed requests, addresses in answers."""

import socket
import ssl

import httpx
import pytest

from mockserver.app import create_app
from mockserver.config import BadSetting, Settings, load
from mockserver.server import CannotListen, LiveServer, bind_settings
from tests.outside import acme_running
from tests.support import running
from tests.trust import client_context

pytestmark = pytest.mark.anyio


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_one_more_port_is_listened_on_by_all_addresses_of_the_host() -> None:
    port = free_port()
    sockets = bind_settings(Settings(port=0, tls_port=port))
    try:
        assert sockets[0].getsockname()[1] != port
        assert {one.getsockname()[1] for one in sockets} >= {port}
        assert len(sockets) % 2 == 0
    finally:
        for one in sockets:
            one.close()


def test_where_one_port_is_taken_none_is_kept() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, first = taken.getsockname()[1], free_port()
        with pytest.raises(CannotListen, match=str(port)):
            bind_settings(Settings(host="127.0.0.1", port=first, tls_port=port))
    with socket.socket() as again:
        again.bind(("127.0.0.1", first))


async def test_requests_that_name_no_sandbox_are_in_the_one_of_the_setting() -> None:
    async with acme_running(sandbox="team") as world:
        assert (await world.steer("GET", ""))["sandbox"] == "team"
        await world.rent()
        (order,) = (await world.steer("GET", "/orders"))["orders"]
        assert (await world.beside("team").order(order["id"]))["id"] == order["id"]
        assert (await world.beside("default").steer("GET", "/orders"))["orders"] == []
        assert (await world.ask("GET", "/balance")).status_code == 200


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"passthrough": True, "host": "0.0.0.0"}, "--passthrough: only where the server listens on loopback"),
        ({"passthrough": True, "tls": "off"}, "--passthrough: not with --tls off"),
        ({"tls": "maybe"}, "--tls: must be one of on, off: 'maybe'"),
        ({"tls_port": "7461", "tls": "off"}, "--tls-port: not with --tls off"),
        ({"tls_port": "7461", "port": "7461"}, "--tls-port: not the number of --port: 7461"),
        ({"tls_port": "0"}, "--tls-port: must be a whole number from 1 to 65535: '0'"),
        ({"sandbox": "No!"}, "--sandbox: must be 1 to 64 of a-z, 0-9, - and _, beginning with"),
        ({"public_url": "mock.example"}, "--public-url: must be a URL such as https://mock.example/base"),
        ({"public_url": "https://a.example/?b"}, "--public-url: must be a scheme, a host and a path, nothing else"),
        ({"public_url": "https://a:b@c.example"}, "--public-url: must be a scheme, a host and a path, nothing else"),
        ({"public_url": "https://a.example:0x"}, "--public-url: must be a URL such as"),
        ({"trust_forwarded": "all"}, "--trust-forwarded: must be one of private, off: 'all'"),
        ({"drain": "-1s"}, "--drain: not a duration: '-1s'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule(flags: dict[str, object], message: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load(flags, {})
    assert str(refused.value).startswith(message)


async def test_a_public_url_is_the_address_in_answers() -> None:
    async with running(public_url="https://mock.example/base") as world:
        told = await world.steer("GET", "")
        assert told["providers"]["daisysim"]["base_url"] == "https://mock.example/base/daisysim.com/api/v1/virtual"
        metadata = await world.client.get(
            "/.well-known/oauth-authorization-server", headers={"Host": "www.doctorsim.com"}
        )
        assert metadata.json()["issuer"].startswith("http://www.doctorsim.com")


async def test_a_proxy_in_front_tells_the_scheme_for_require_https_too() -> None:
    key = {"dsim_key": "sandbox-key", "dsim_secret": "sandbox-secret"}
    async with running() as world:
        await world.steer("PATCH", "/settings", {"doctorsim_v1.require_https": True})
        path = "/api.doctorsim.com/devices"
        refused = await world.call("GET", path, headers=key)
        taken = await world.call("GET", path, headers={**key, "X-Forwarded-Proto": "https"})
    assert refused.status_code >= 400
    assert taken.status_code == 200


async def test_forwarded_headers_change_no_rule_of_the_control_api() -> None:
    async with running() as world:
        forwarded = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        assert (await world.call("GET", "/_mock/sandboxes", headers=forwarded)).status_code == 200
        told = await world.call(
            "GET", "/_mock/sandboxes", headers={"Host": "evil.example", "X-Forwarded-Host": "localhost"}
        )
        assert told.status_code == 403


def test_a_handshake_is_served_on_every_port_of_the_server() -> None:
    with LiveServer(create_app(Settings(port=0))) as live:
        context: ssl.SSLContext = client_context(live.url)
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.get(f"https://127.0.0.1:{live.port}/_mock/health").json()["status"] == "ok"

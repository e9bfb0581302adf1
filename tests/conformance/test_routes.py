"""Unknown paths and methods, and the addresses of a provider."""

import pytest

from mockserver.domain.errors import MethodNotAllowed, UnknownRoute
from mockserver.http.provider import Endpoint, Provider, word
from tests.conformance.client import Client
from tests.conformance.judge import judge
from tests.ways import WAY

pytestmark = pytest.mark.anyio

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


_UNKNOWN = (
    *("/no-such-route", "//", "/%00", "/%ff%fe", "/a%2Fb/../c", "/{id}", "/%", "/_mock/health"),
    *("/" + "9" * 1000, "/" + "a/" * 500),
)


@pytest.mark.parametrize("credential", ["good", "none"])
async def test_an_unknown_route_is_refused_in_the_providers_envelope(
    client: Client, provider: Provider, credential: str
) -> None:
    before = await client.state()
    # At the real host of a provider without a path in front, the control API is reached under its own name.
    unknown = [path for path in _UNKNOWN if WAY != "proxy" or client.provider.mounts[0].prefix or "_mock" not in path]
    for method, path in ((method, path) for path in unknown for method in _METHODS):
        answer = await client.send(method, path, headers=None if credential == "good" else {})
        judge(provider, None, answer)
        assert answer.status_code == word(provider, UnknownRoute("route", "/x")).status
        entry = await client.journaled(answer)
        assert (entry["operation"], entry["mistake"], entry["method"]) == (None, "UnknownRoute", method)
    assert await client.state() == before


async def test_a_path_outside_the_base_url_is_refused_in_the_providers_envelope(
    client: Client, provider: Provider
) -> None:
    for mount in provider.mounts:
        if not mount.prefix:
            continue
        for path in (f"/{mount.host}", f"/{mount.host}/", f"/{mount.host}{mount.prefix}x/y", f"/{mount.host}/other"):
            answer = await client.world.call("GET", path)
            judge(provider, None, answer)
            assert answer.status_code == word(provider, UnknownRoute("route", "/x")).status


async def test_a_wrong_method_is_refused_and_the_right_ones_are_named(client: Client, endpoint: Endpoint) -> None:
    provider = client.provider
    offered = {one.method for one in provider.endpoints if one.path == endpoint.path}
    ask = await client.ask(endpoint)
    before = await client.state()
    for method in set(_METHODS) - offered:
        answer = await client.send(method, ask.path, ask.body)
        judge(provider, None, answer)
        wording = word(provider, MethodNotAllowed(method, sorted(offered)))
        assert answer.status_code == wording.status
        assert ("x-mock-assumed" in answer.headers) is (wording.provenance == "assumed")
        if wording.status == 405:
            assert {one.strip() for one in answer.headers["allow"].split(",")} == offered
        assert (await client.journaled(answer))["mistake"] == "MethodNotAllowed"
    assert await client.state() == before


async def test_a_slash_too_many_is_another_path(client: Client, endpoint: Endpoint) -> None:
    ask = await client.ask(endpoint)
    answer = await client.send(endpoint.method, ask.path.partition("?")[0] + "/", ask.body)
    judge(client.provider, None, answer)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("port", ["", ":443", ":7460"])
async def test_the_host_header_alone_finds_the_provider(client: Client, provider: Provider, port: str) -> None:
    endpoint = provider.endpoints[0]
    ask = await client.ask(endpoint)
    for mount in provider.mounts[:1]:
        for host in (mount.host, mount.host.upper()):
            headers = {**client.credential, "Host": host + port}
            path = f"{mount.prefix}{ask.path}"
            answer = await client.world.call(endpoint.method, path, headers=headers, json=ask.body)
            judge(provider, endpoint, answer)
            assert answer.is_success, answer.text
            unknown = await client.world.call("GET", "/nothing/here", headers=headers)
            judge(provider, None, unknown)


async def test_a_sandbox_prefix_goes_in_front_of_either_way(client: Client, provider: Provider) -> None:
    endpoint = provider.endpoints[0]
    await client.world.steer("POST", "/sandboxes", {"name": "w-1"})
    other = Client(client.world.beside("w-1"), provider)
    await other.good(endpoint)
    mount = provider.mounts[0]
    ask = await other.ask(endpoint)
    headers = {**other.credential, "Host": mount.host}
    answer = await other.world.call(endpoint.method, f"{mount.prefix}{ask.path}", headers=headers, json=ask.body)
    judge(provider, endpoint, answer)
    assert (await other.journaled(answer))["operation"] == endpoint.name
    assert (await client.world.steer("GET", "/requests"))["requests"] == []


@pytest.mark.parametrize("name", ["UPPER", "-x", "a" * 65, "", "a%00b", "%ff", "a b"])
async def test_a_bad_sandbox_name_makes_no_sandbox(client: Client, provider: Provider, name: str) -> None:
    answer = await client.world.call("GET", f"/~{name}{client.base}/x", headers=client.credential)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    names = [one["name"] for one in (await client.world.steer("GET", "/sandboxes"))["sandboxes"]]
    assert names == ["default"]

"""Addresses in answers are made from the request's Host; a malformed Host is refused and not repeated."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.served import PROVIDERS
from tests.support import World, running

pytestmark = pytest.mark.anyio

PATHS = [
    f"/{mount.host}{mount.prefix}{endpoint}"
    for one in PROVIDERS
    for mount in (*one.mounts, *(annex.mount for annex in one.annexes))
    for endpoint in ("/openapi.yaml", "/nowhere")
]
V2 = "/api.doctorsim.com/v2"
NONE = ["MARK: b", 'MARK"', "<script>MARK", "x: [MARK", "MARK\tb", 'e.com" , Basic realm="MARK', "MARK/a", "MARK:99999"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as one:
        yield one


async def asked(world: World, path: str, *hosts: str, method: str = "GET") -> httpx.Response:
    return await world.call(method, path, headers=[("Host", host) for host in hosts])


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["x-mock-assumed"] == "true"
    assert "MARK" not in answer.text + str(answer.headers)
    data: dict[str, Any] = answer.json()
    return data


@pytest.mark.parametrize("host", NONE)
async def test_a_host_that_is_none_is_refused_by_each_provider_and_not_repeated(world: World, host: str) -> None:
    for path in (*PATHS, f"{V2}/balance"):
        for method in ("GET", "POST"):
            assert "Host" in str(told(await asked(world, path, host, method=method)))


async def test_a_second_host_is_refused_too(world: World) -> None:
    for second in ("localhost", "MARK.com"):
        assert "Host" in str(told(await asked(world, f"{V2}/balance", "localhost", second)))


@pytest.mark.parametrize("host", ["mock:7460", "api.doctorsim.com", "[::1]:80", "127.0.0.1", "my_mock", "localhost:"])
async def test_any_host_that_is_one_is_where_addresses_lead_to(world: World, host: str) -> None:
    answer = await asked(world, f"{V2}/balance", host)
    assert answer.status_code == 401
    assert f"http://{host}/" in str(answer.headers)


async def test_an_absent_host_is_no_mistake(world: World) -> None:
    request = world.client.build_request("GET", f"{V2}/balance")
    del request.headers["Host"]
    answer = await world.client.send(request)
    assert answer.status_code == 401
    assert "http://localhost/" in str(answer.headers)

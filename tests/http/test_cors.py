"""Web pages call a provider where its setting lets them, and the control API never."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mockserver.http.cors import Cors
from mockserver.http.provider import Provider
from mockserver.http.sharing import is_loopback
from tests.served import PROVIDERS
from tests.support import World, running

pytestmark = pytest.mark.anyio

NAMES = [one.name for one in PROVIDERS]
PAGE = "http://localhost:5173"
FOREIGN = "https://evil.example"
EXPLORER = "https://www.doctorsim.com"
V2 = "/api.doctorsim.com/v2"
KEY = {"Authorization": "Bearer test_demo:sk_demo"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as one:
        yield one


def provider_named(name: str) -> Provider:
    return next(one for one in PROVIDERS if one.name == name)


def declared(name: str) -> Cors:
    cors = provider_named(name).cors
    assert cors is not None, f"{name} says nothing of CORS"
    return cors


def bases(name: str) -> list[str]:
    """The addresses of a provider and of its annexes."""
    provider = provider_named(name)
    mounts = [*provider.mounts, *(annex.mount for annex in provider.annexes)]
    return [f"/{mount.host}{mount.prefix}" for mount in mounts]


def cross(answer: httpx.Response) -> dict[str, str]:
    """The headers that are for browsers."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


async def preflight(world: World, path: str, *, origin: str = PAGE, **more: str) -> httpx.Response:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", **more}
    return await world.call("OPTIONS", path, headers=asks)


async def use(world: World, name: str, mode: str) -> None:
    await world.steer("PATCH", "/settings", {f"{name}.cors": mode})


def without_ids(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    varying = ("x-mock-request-id", "content-length")
    body = answer.text.replace(answer.headers["x-mock-request-id"], "")
    return answer.status_code, {name: one for name, one in answer.headers.items() if name not in varying}, body


@pytest.mark.parametrize("name", NAMES)
async def test_each_provider_has_the_setting_which_is_off_but_where_pages_are_known_to_call(
    world: World, name: str
) -> None:
    described = (await world.steer("GET", "/settings?help=1"))[f"{name}.cors"]
    assert described["choices"] == ["documented", "any", "off"]
    assert described["default"] == ("documented" if name == "doctorsim_v2" else "off")
    for origin in declared(name).origins:
        assert origin in described["help"]


@pytest.mark.parametrize("name", NAMES)
async def test_switched_off_every_answer_is_as_if_no_page_had_asked(world: World, name: str) -> None:
    await use(world, name, "off")
    for base in bases(name):
        for method, path in (("GET", base), ("OPTIONS", f"{base}/orders"), ("POST", f"{base}/nothing")):
            asks = {"Access-Control-Request-Method": "POST"}
            with_origin = await world.call(method, path, headers={"Origin": PAGE, **asks})
            assert without_ids(with_origin) == without_ids(await world.call(method, path, headers=asks))
            assert not cross(with_origin)
            assert "vary" not in with_origin.headers


@pytest.mark.parametrize("name", NAMES)
async def test_a_preflight_is_answered_on_every_path_without_a_credential(world: World, name: str) -> None:
    await use(world, name, "documented")
    for base in bases(name):
        for path in (base, f"{base}/orders", f"{base}/no/such/path"):
            answer = await preflight(world, path, **{"Access-Control-Request-Headers": "authorization,content-type"})
            assert (answer.status_code, answer.content) == (204, b"")
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["access-control-allow-methods"] == "DELETE, GET, HEAD, PATCH, POST, PUT"
            assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
            assert answer.headers["vary"] == "Origin"
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers["x-mock-assumed"] == "true"
            entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
            assert (entry["method"], entry["status"], entry["account"]) == ("OPTIONS", 204, None)


@pytest.mark.parametrize("name", NAMES)
async def test_refusals_can_be_read_by_the_page(world: World, name: str) -> None:
    await use(world, name, "documented")
    for base in bases(name):
        for method, path in (("GET", f"{base}/no/such/path"), ("POST", f"{base}/orders"), ("PUT", base)):
            answer = await world.call(method, path, headers={"Origin": PAGE})
            assert answer.status_code >= 400
            assert answer.headers["access-control-allow-origin"] == PAGE
            exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
            assert {"x-mock-request-id", "www-authenticate", "retry-after"} <= set(exposed)
            assert "access-control-allow-methods" not in answer.headers


@pytest.mark.parametrize("name", NAMES)
async def test_a_page_from_elsewhere_gets_nothing_but_where_any_may_call(world: World, name: str) -> None:
    await use(world, name, "documented")
    for base in bases(name):
        refused = await preflight(world, f"{base}/orders", origin=FOREIGN)
        assert refused.status_code >= 400
        assert not cross(refused)
        assert refused.headers["vary"] == "Origin"
    await use(world, name, "any")
    for base in bases(name):
        for origin in (FOREIGN, "null"):
            answer = await preflight(world, f"{base}/orders", origin=origin)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
            assert "vary" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "loopback"),
    [
        ("http://localhost", True),
        ("http://LOCALHOST:3000", True),
        ("https://localhost:8443", True),
        ("http://app.localhost:3000", True),
        ("http://127.0.0.1:5173", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:5173", True),
        ("http://[::2]:5173", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example#localhost", False),
        ("http://localhost@evil.example", False),
        ("http://evil.example/localhost", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://[::1].evil.example", False),
        ("http://192.168.0.7", False),
        ("file://localhost", False),
        ("http://localhost:3000\nx", False),
        ("http://localhost\n", False),
        ("localhost", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_loopback_origin_is_one_of_this_machines_own_pages(origin: str, *, loopback: bool) -> None:
    assert is_loopback(origin) is loopback


@pytest.mark.parametrize("origin", [EXPLORER, PAGE, "http://127.0.0.1:8080", "http://[::1]:8080"])
async def test_the_explorer_and_pages_of_this_machine_may_call_v2_from_the_start(world: World, origin: str) -> None:
    for path in (
        f"{V2}/orders",
        "/www.doctorsim.com/oauth/token",
        "/www.doctorsim.com/oauth/register",
        "/www.doctorsim.com/.well-known/oauth-authorization-server",
        "/api.doctorsim.com/.well-known/oauth-protected-resource/v2",
    ):
        answer = await preflight(world, path, origin=origin)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, origin)
    answer = await world.call("GET", f"{V2}/balance", headers={**KEY, "Origin": origin})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(exposed)
    assert {"WWW-Authenticate", "X-Mock-Request-Id", "Retry-After"} <= set(exposed)


@pytest.mark.parametrize(
    "origin",
    ["http://www.doctorsim.com", "https://doctorsim.com", FOREIGN, "null", f"http://{'a.' * 200}localhost", "\xe4"],
)
async def test_no_other_page_may_call_v2(world: World, origin: str) -> None:
    sent: Any = {**KEY, "Origin": origin.encode("latin-1")}
    asks = {**sent, "Access-Control-Request-Method": "POST"}
    answer = await world.call("OPTIONS", f"{V2}/orders", headers=asks)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert not cross(answer)
    read = await world.call("GET", f"{V2}/balance", headers=sent)
    assert (read.status_code, cross(read), read.headers["vary"]) == (200, {}, "Origin")


async def test_preflights_cost_no_rate_limit(world: World) -> None:
    used = {**KEY, "Origin": PAGE}
    first = await world.call("GET", f"{V2}/balance", headers=used)
    for _ in range(60):
        answer = await preflight(world, f"{V2}/balance", Authorization=KEY["Authorization"])
        assert answer.status_code == 204
    second = await world.call("GET", f"{V2}/balance", headers=used)
    left = [int(one.headers["x-ratelimit-remaining"]) for one in (first, second)]
    assert left[0] - left[1] == 1


async def test_a_limited_call_can_be_read_too(world: World) -> None:
    used = {"Authorization": "Bearer test_readonly:sk_readonly", "Origin": PAGE}
    for _ in range(50):
        await world.call("GET", f"{V2}/balance", headers=used)
    answer = await world.call("GET", f"{V2}/balance", headers=used)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (429, PAGE)


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"status": 503, "body": "down"}, {"mistake": "RateLimited"}, {"mistake": "InternalError"}],
)
async def test_the_answer_of_a_fault_can_be_read_and_preflights_do_not_use_it_up(
    world: World, fault: dict[str, Any]
) -> None:
    await world.steer("POST", "/faults", {"provider": "doctorsim_v2", "times": 1, "answer": fault})
    assert (await preflight(world, f"{V2}/balance")).status_code == 204
    answer = await world.call("GET", f"{V2}/balance", headers={**KEY, "Origin": PAGE})
    assert answer.status_code >= 429
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "X-Mock-Fault" in answer.headers["access-control-expose-headers"]
    assert (await world.call("GET", f"{V2}/balance", headers=KEY)).status_code == 200


async def test_a_faults_own_header_stands(world: World) -> None:
    headers = {"Access-Control-Allow-Origin": "https://other.example"}
    answer = {"status": 503, "body": "", "headers": headers}
    await world.steer("POST", "/faults", {"provider": "doctorsim_v2", "answer": answer})
    found = await world.call("GET", f"{V2}/balance", headers={**KEY, "Origin": PAGE})
    assert found.headers.get_list("access-control-allow-origin") == ["https://other.example"]


async def test_only_a_list_of_names_is_said_back_to_a_preflight(world: World) -> None:
    for wanted, told in (("authorization, x-a", True), ("", False), ("a b", False), ("a;b", False), ("ä", False)):
        headers = {"Access-Control-Request-Headers": wanted.encode("latin-1")}
        answer = await preflight(world, f"{V2}/orders", **headers)  # type: ignore[arg-type]
        assert answer.headers.get("access-control-allow-headers") == (wanted if told else None)


async def test_a_page_of_the_internet_may_ask_for_the_private_network(world: World) -> None:
    answer = await preflight(
        world, f"{V2}/orders", origin=EXPLORER, **{"Access-Control-Request-Private-Network": "true"}
    )
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-private-network" not in (await preflight(world, f"{V2}/orders")).headers


async def test_options_without_the_question_is_the_method_that_it_ever_was(world: World) -> None:
    for headers in ({"Origin": PAGE}, {"Access-Control-Request-Method": "POST"}):
        answer = await world.call("OPTIONS", f"{V2}/orders", headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_answers_to_other_clients_are_what_they_were(world: World) -> None:
    answer = await world.call("GET", f"{V2}/balance", headers=KEY)
    assert not cross(answer)
    assert "vary" not in answer.headers


@pytest.mark.parametrize("origin", [EXPLORER, FOREIGN, PAGE, "null"])
async def test_no_setting_ever_opens_the_control_api(world: World, origin: str) -> None:
    for name in NAMES:
        await use(world, name, "any")
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET", "POST"):
        for path in ("/_mock/settings", "/_mock/reset", "/_mock", "/_mock/events/doctorsim_v2"):
            answer = await world.call(method, path, headers=asks)
            assert not cross(answer)
            assert answer.status_code in ((403,) if origin != PAGE else (200, 400, 404, 405, 422))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_provider_in_the_host_header_does_not_open_the_control_api(world: World, method: str) -> None:
    answer = await world.call(method, "/_mock/settings", headers={"Host": "www.doctorsim.com", "Origin": EXPLORER})
    assert (answer.status_code, cross(answer)) == (403, {})

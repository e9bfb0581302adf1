"""How long sandboxes stay: what makes them, what keeps them, when they expire, and how they end."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from mockserver.app import App
from tests.outside import BASE, AcmeWorld, acme_running
from tests.served import ACME, PROVIDERS
from tests.support import HandSeconds, World, frozen_settings, running, started

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def timed(**settings: Any) -> AsyncIterator[tuple[AcmeWorld, HandSeconds]]:
    """A server whose real time a test moves by hand."""
    real = HandSeconds()
    async with started(App(frozen_settings(**settings), [ACME], ticks=real)) as world:
        yield AcmeWorld(world.app, world.client), real


async def names(world: World) -> list[str]:
    return [one["name"] for one in (await world.steer("GET", "/sandboxes"))["sandboxes"]]


async def balance(world: AcmeWorld) -> float:
    answer = await world.ask("GET", "/balance")
    assert answer.status_code == 200, answer.text
    return float(answer.json()["balance"])


# -- what makes one ------------------------------------------------------------------------------------------------

_BASIC = {"Authorization": "Basic " + base64.b64encode(b"nobody:nothing").decode()}
REFUSED = [
    ("GET", "/api.acme.example/x", {}),
    ("GET", f"{BASE}/nothing/here", {"Authorization": "Bearer acme-demo"}),
    ("GET", f"{BASE}/balance", {}),
    ("GET", f"{BASE}/balance", {"Authorization": "Bearer somebody"}),
    ("GET", f"{BASE}/balance", {"Authorization": "Bearer acme-closed"}),
    ("GET", f"{BASE}/balance", {"Authorization": "Bearer acme-demo", "Prefer": "mock-scenario=nobody"}),
    ("DELETE", f"{BASE}/balance", {"Authorization": "Bearer acme-demo"}),
    ("GET", "/api.doctorsim.com/countries", {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "wrong"}),
    ("GET", "/api.doctorsim.com/v2/balance", {"Authorization": "Bearer test_demo:wrong"}),
    ("GET", "/api.doctorsim.com/v2/balance", {"Authorization": "Bearer test_revoked:sk_revoked"}),
    ("GET", "/api.doctorsim.com/v2/balance", {"Authorization": "Bearer live_noip:sk_noip"}),
    ("GET", "/api.doctorsim.com/v2/status", {}),
    ("GET", "/api.doctorsim.com/.well-known/oauth-protected-resource/v2", {}),
    ("GET", "/www.doctorsim.com/.well-known/oauth-authorization-server", {}),
    ("POST", "/www.doctorsim.com/oauth/token", _BASIC),
    ("GET", "/www.doctorsim.com/imei_report/nothing.pdf", {}),
    ("GET", "/api.hidsim.com/auth/me", {"Authorization": "Bearer nonsense"}),
    ("POST", "/api.hidsim.com/auth/login", {}),
    ("GET", "/_mock/nothing/here", {}),
    ("PUT", "/_mock/clock", {}),
    ("POST", "/_mock/clock/advance", {}),
    ("GET", "/_mock/orders/acme/1", {}),
    ("POST", "/_mock/scenarios", {}),
    ("GET", "/_mock/health", {}),
    ("GET", "/_mock/clock", {"Origin": "https://evil.example"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), REFUSED)
async def test_what_is_refused_or_public_makes_no_sandbox(method: str, path: str, headers: dict[str, str]) -> None:
    async with acme_running(*PROVIDERS) as world:
        body = {"json": {"mode": "sideways"}} if method in ("POST", "PUT") else {}
        answer = await world.beside("nobody").call(method, path, headers=headers, **body)
        public = ("/status", "/health", ".well-known")
        assert answer.status_code >= 400 or any(part in path for part in public), answer.text
        assert await names(world) == ["default"]
        assert world.app.sandboxes.all() == [world.app.sandboxes.default]


LOGIN = b'{"identifier": "partner@example.com", "password": "secret-password"}'
KEY = {"Authorization": "Bearer test_demo:sk_demo"}
PAIR = {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "sandbox-secret"}
CLIENT = {"redirect_uris": ["https://client.example/back"]}


async def in_pieces(body: bytes, pieces: int = 4) -> AsyncIterator[bytes]:
    """A body that comes slowly, so that other requests run in the midst of this one."""
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        await asyncio.sleep(0)
        yield body[start : start + size]


async def login(world: World) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return await world.call("POST", "/api.hidsim.com/auth/login", content=in_pieces(LOGIN), headers=headers)


ACCEPTED: list[Callable[[AcmeWorld], Awaitable[httpx.Response]]] = [
    lambda world: world.ask("GET", "/balance"),
    lambda world: world.ask("GET", "/orders/1"),
    lambda world: world.call("GET", "/api.doctorsim.com/v2/balance", headers=KEY),
    lambda world: world.call("GET", "/api.doctorsim.com/countries", headers=PAIR),
    login,
    lambda world: world.call("POST", "/www.doctorsim.com/oauth/register", json=CLIENT),
    lambda world: world.control("GET", "/clock"),
]


@pytest.mark.parametrize("ask", ACCEPTED)
async def test_a_known_credential_a_new_client_or_the_control_api_makes_one(
    ask: Callable[[AcmeWorld], Awaitable[httpx.Response]],
) -> None:
    async with acme_running(*PROVIDERS) as world:
        await ask(world.beside("somebody"))
        assert await names(world) == ["default", "somebody"]


@pytest.mark.slow
async def test_a_thousand_unknown_paths_wipe_nobodys_sandbox() -> None:
    async with timed() as (world, real):
        alice = world.beside("alice")
        await alice.steer("PATCH", "/accounts/acme/demo", {"balance": "12.34"})
        real.pass_by(3_600)
        for number in range(1_000):
            assert (await world.call("GET", f"/~x{number}/api.acme.example/x")).status_code == 404
        assert await names(world) == ["alice", "default"]
        assert await balance(alice) == 12.34


async def test_two_first_requests_at_once_meet_in_one_world_also_when_one_of_them_is_refused() -> None:
    async with acme_running() as world:
        shared = world.beside("shared")
        answers = await asyncio.gather(
            shared.ask("GET", "/balance", key="somebody"), shared.rent(), shared.ask("GET", "/balance", key=None)
        )
        assert answers[0].status_code == answers[2].status_code == 401
        assert await balance(shared) < 100
        assert await names(world) == ["default", "shared"]


async def test_whoever_has_no_token_makes_no_sandbox_with_an_inbox() -> None:
    async with acme_running(token="t0ken", host="0.0.0.0") as world:
        answer = await world.beside("nobody").call("POST", "/_mock/inbox/in", json={})
        assert answer.status_code == 404
        trusted = {"X-Mock-Token": "t0ken"}
        assert (await world.beside("mine").call("POST", "/_mock/inbox/in", json={}, headers=trusted)).status_code == 200
        assert [one.name for one in world.app.sandboxes.places()] == ["default", "mine"]


# -- what keeps one ------------------------------------------------------------------------------------------------


async def test_what_the_control_api_steered_stays_for_a_minute() -> None:
    async with timed(max_sandboxes=1) as (world, real):
        one = world.beside("one")
        await one.steer("PATCH", "/accounts/acme/demo", {"balance": "5"})
        real.pass_by(59)
        assert (await world.beside("two").ask("GET", "/balance")).status_code == 429
        assert await balance(one) == 5
        real.pass_by(2)
        assert (await world.beside("two").ask("GET", "/balance")).status_code == 200
        assert await names(world) == ["default", "two"]


async def test_a_refused_control_call_does_not_keep_a_sandbox() -> None:
    async with timed(max_sandboxes=1) as (world, real):
        one = world.beside("one")
        await one.steer("GET", "/clock")
        real.pass_by(59)
        assert (await one.control("GET", "/orders/acme/1")).status_code == 404
        real.pass_by(2)
        await balance(world.beside("two"))
        assert await names(world) == ["default", "two"]


async def test_a_sandbox_with_a_request_in_it_stays() -> None:
    async with timed(max_sandboxes=1) as (world, real):
        one = world.beside("one")
        waiting = asyncio.ensure_future(one.steer("GET", "/inbox/in?wait=30s"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        real.pass_by(3_600)
        assert (await world.beside("two").ask("GET", "/balance")).status_code == 429
        await one.call("POST", "/_mock/inbox/in", json={})
        assert len((await waiting)["received"]) == 1
        real.pass_by(61)
        await balance(world.beside("two"))
        assert await names(world) == ["default", "two"]


async def test_what_was_accepted_is_not_taken_away_again_because_who_was_to_go_is_in_use() -> None:
    async with acme_running(max_sandboxes=1) as world:
        one, two = world.beside("one"), world.beside("two")
        await balance(one)
        began, go_on = asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            began.set()
            await go_on.wait()
            yield b'{"service": "chat"}'

        headers = {"Authorization": "Bearer acme-demo", "content-type": "application/json"}
        first = asyncio.ensure_future(two.call("POST", f"{BASE}/orders", content=body(), headers=headers))
        await began.wait()
        in_one = asyncio.ensure_future(one.steer("GET", "/inbox/in?wait=30s"))
        await settle()
        go_on.set()
        assert (await first).status_code == 201
        assert await names(world) == ["default", "one", "two"]
        await one.call("POST", "/_mock/inbox/in", json={})
        await in_one
        assert await names(world) == ["default", "one"]


async def test_an_expired_one_goes_before_an_unused_implicit_one() -> None:
    async with timed(max_sandboxes=2) as (world, real):
        await balance(world.beside("implicit"))
        real.pass_by(10)
        await world.steer("POST", "/sandboxes", {"name": "short", "expires": "5s"})
        real.pass_by(6)
        await balance(world.beside("new"))
        assert await names(world) == ["default", "implicit", "new"]


# -- when they expire ----------------------------------------------------------------------------------------------


async def test_a_sandbox_expires_so_long_after_its_last_use() -> None:
    async with timed() as (world, real):
        made = await world.steer("POST", "/sandboxes", {"name": "job", "expires": "30m"})
        assert made["expires"] == "30m"
        job = world.beside("job")
        await job.rent()
        real.pass_by(1_799)
        assert await balance(job) < 100
        real.pass_by(1_799)
        assert "job" in await names(world)
        assert (await world.control("GET", "/sandboxes/job")).status_code == 200
        real.pass_by(1)
        assert await names(world) == ["default"]
        assert (await world.control("GET", "/sandboxes/job")).status_code == 404
        assert await balance(job) == 100


async def test_looking_and_its_own_timers_are_no_use() -> None:
    async with timed() as (world, real):
        await world.steer("POST", "/sandboxes", {"name": "job", "expires": 60})
        real.pass_by(59)
        await names(world)
        await world.steer("GET", "/sandboxes/job")
        sandbox = world.app.sandboxes.known("job")
        assert sandbox is not None
        await sandbox.wake()
        real.pass_by(1)
        assert await names(world) == ["default"]


async def test_the_sweep_closes_what_has_expired() -> None:
    async with timed() as (world, real):
        for number in range(5):
            await world.steer("POST", "/sandboxes", {"name": f"job{number}", "expires": "1m"})
        await world.steer("POST", "/sandboxes", {"name": "stays"})
        sandboxes = world.app.sandboxes
        assert await sandboxes.sweep() == 0
        real.pass_by(60)
        assert len(sandboxes.all()) == 7
        assert await sandboxes.sweep() == 5
        assert [one.name for one in sandboxes.all()] == ["default", "stays"]


async def test_the_time_to_live_of_the_server_holds_for_what_says_nothing() -> None:
    async with timed(sandbox_ttl=None, host="0.0.0.0", token="t0ken") as (world, real):
        world.client.headers["X-Mock-Token"] = "t0ken"
        await balance(world.beside("implicit"))
        assert (await world.steer("POST", "/sandboxes", {"name": "named"}))["expires"] == "1d"
        assert (await world.steer("POST", "/sandboxes", {"name": "long", "expires": "2d"}))["expires"] == "2d"
        real.pass_by(24 * 3_600)
        assert await names(world) == ["default", "long"]


async def test_on_loopback_sandboxes_stay_for_ever() -> None:
    async with timed() as (world, real):
        await balance(world.beside("implicit"))
        assert (await world.steer("POST", "/sandboxes", {"name": "named"}))["expires"] is None
        real.pass_by(365 * 24 * 3_600)
        assert await world.app.sandboxes.sweep() == 0
        assert await names(world) == ["default", "implicit", "named"]


# -- how they end --------------------------------------------------------------------------------------------------


async def test_logins_in_sandboxes_that_are_deleted_meanwhile_are_never_401() -> None:
    async with running() as world:
        world_of = [world.beside(f"w{number}") for number in range(10)]
        statuses: set[int] = set()

        async def log_in(place: World) -> None:
            for _ in range(10):
                statuses.add((await login(place)).status_code)

        async def deleting() -> None:
            for round_ in range(100):
                answer = await world.control("DELETE", f"/sandboxes/w{round_ % 10}")
                assert answer.status_code in (204, 404)
                await asyncio.sleep(0)

        await asyncio.gather(deleting(), *(log_in(place) for place in world_of for _ in range(4)))
        assert statuses == {200}


async def test_logins_in_sandboxes_that_push_each_other_out_are_never_401_or_500() -> None:
    async with running(max_sandboxes=3) as world:

        async def log_in(number: int) -> set[int]:
            return {(await login(world.beside(f"w{number % 10}"))).status_code for _ in range(10)}

        statuses = set().union(*await asyncio.gather(*(log_in(number) for number in range(40))))
        assert statuses <= {200, 429}
        assert world.app.sandboxes.used <= 3


async def test_a_request_under_way_ends_in_the_world_it_began_in_and_the_next_one_meets_a_fresh_one() -> None:
    async with acme_running() as world:
        one = world.beside("one")
        await one.steer("PATCH", "/accounts/acme/demo", {"balance": "5"})
        began, go_on = asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            began.set()
            await go_on.wait()
            yield b'{"service": "chat"}'

        services = (await one.ask("GET", "/services")).json()["services"]
        price = next(float(row["price"]) for row in services if row["service"] == "chat")
        headers = {"Authorization": "Bearer acme-demo", "content-type": "application/json"}
        under_way = asyncio.ensure_future(one.call("POST", f"{BASE}/orders", content=body(), headers=headers))
        await began.wait()
        await world.steer("DELETE", "/sandboxes/one")
        assert len(world.app.sandboxes.all()) == 2
        assert await balance(one) == 100
        go_on.set()
        bought = await under_way
        assert (bought.status_code, float(bought.json()["price"])) == (201, price)
        assert await balance(one) == 100
        assert [sandbox.name for sandbox in world.app.sandboxes.all()] == ["default", "one"]


async def settle() -> None:
    """Let everybody run until they wait for something."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_login_that_waits_for_a_reset_finds_its_account() -> None:
    async with running() as world:
        sandbox = world.app.sandboxes.default
        assert sandbox is not None
        async with sandbox.work("a test"):
            resetting = asyncio.ensure_future(world.control("POST", "/reset"))
            await settle()
            logging_in = asyncio.ensure_future(login(world))
            await settle()
        assert ((await resetting).status_code, (await logging_in).status_code) == (200, 200)


# -- unknown ones --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"{BASE}/balance", f"{BASE}/nothing", "/_mock/clock"])
async def test_where_unknown_sandboxes_are_refused_the_problem_says_how_to_make_one(path: str) -> None:
    async with acme_running(unknown_sandbox="refuse") as world:
        answer = await world.call("GET", f"/~nope{path}", headers={"Authorization": "Bearer acme-demo"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "POST" in answer.json()["detail"]
        assert "/_mock/sandboxes" in answer.json()["detail"]
        await world.steer("POST", "/sandboxes", {"name": "nope"})
        assert await balance(world.beside("nope")) == 100
        assert await balance(world) == 100

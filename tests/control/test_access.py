"""Who may drive the control API: holders of the token, and without one this machine's own programs."""

import pytest

from mockserver.control.access import is_local_name
from tests.control.problems import problem_of
from tests.support import DAISY, World, running

pytestmark = pytest.mark.anyio
TOKEN = "right-token"


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:7460", "LOCALHOST", "127.0.0.1:1", "127.9.9.9", "[::1]:7460", "[::1]", "app.localhost:80"],
)
async def test_names_of_this_machine_are_welcome(world: World, host: str) -> None:
    assert (await world.control("GET", "/clock", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:7460",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "10.0.0.5",
        "[fe80::1]:80",
        "",
        "mock",
    ],
)
async def test_a_foreign_host_is_refused(world: World, host: str) -> None:
    problem = problem_of(await world.control("GET", "/clock", headers={"Host": host}), 403)
    assert "foreign Host" in problem["detail"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "https://localhost.evil.test",
        "null",
        "",
        "file://",
        "http://127.0.0.1.evil.test:80",
        "http://[",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_foreign_origin_is_refused_null_too(world: World, origin: str, method: str) -> None:
    problem = problem_of(await world.control(method, "/requests", headers={"Origin": origin}), 403)
    assert "foreign Origin" in problem["detail"]


@pytest.mark.parametrize("origin", ["http://localhost:7460", "http://127.0.0.1:3000", "https://[::1]:443"])
async def test_an_origin_of_this_machine_is_welcome(world: World, origin: str) -> None:
    assert (await world.control("GET", "/clock", headers={"Origin": origin})).status_code == 200


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-origin", 200), ("none", 200)])
async def test_cross_site_requests_are_refused(world: World, site: str, status: int) -> None:
    assert (await world.control("GET", "/clock", headers={"Sec-Fetch-Site": site})).status_code == status


async def test_what_is_refused_does_nothing(world: World) -> None:
    await world.control("POST", "/clock/advance", {"by": "1h"}, headers={"Origin": "http://evil.test"})
    assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"


async def test_the_rules_hold_under_a_prefix_and_make_no_sandbox(world: World) -> None:
    problem_of(await world.beside("other").control("GET", "/clock", headers={"Host": "evil.test"}), 403)
    assert [one["name"] for one in (await world.steer("GET", "/sandboxes"))["sandboxes"]] == ["default"]


@pytest.mark.parametrize("path", ["/nothing", "/clock/nothing", "/sandboxes/x/y"])
async def test_unknown_paths_are_refused_alike(world: World, path: str) -> None:
    problem_of(await world.control("GET", path, headers={"Host": "evil.test"}), 403)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health"), ("POST", "/inbox/in"), ("GET", "/inbox/in"), ("PUT", "/inbox/in"), ("DELETE", "/inbox/in")],
)
@pytest.mark.parametrize("headers", [{"Host": "mock:7460"}, {"Origin": "http://evil.test"}, {}])
async def test_health_and_inbox_are_open_to_everybody(method: str, path: str, headers: dict[str, str]) -> None:
    async with running(token=TOKEN) as world:
        assert (await world.control(method, path, headers=headers)).status_code in (200, 204)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer  {TOKEN} "},
        {"X-Mock-Token": TOKEN},
        {"X-Mock-Token": TOKEN, "Host": "mock:7460"},
        {"X-Mock-Token": TOKEN, "Host": "evil.test", "Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_the_right_token_is_never_refused(headers: dict[str, str]) -> None:
    async with running(token=TOKEN) as world:
        assert (await world.control("GET", "/clock", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xff\xfe"},
        {"X-Mock-Token": ""},
        {"X-Mock-Token": TOKEN + "x"},
        {"X-Mock-Token": "wrong", "Authorization": f"Bearer {TOKEN}"},
    ],
)
async def test_without_the_right_token_it_answers_401_and_says_how(headers: dict[str, str]) -> None:
    async with running(token=TOKEN) as world:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = await world.control("GET", "/clock", headers=raw)
        problem = problem_of(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "X-Mock-Token" in problem["detail"]
        assert TOKEN not in answer.text


async def test_the_emulated_apis_ask_for_no_token_and_no_host() -> None:
    async with running(token=TOKEN) as world:
        headers = {"Host": "mock:7460", "Origin": "http://evil.test", "Authorization": "Bearer daisy-demo"}
        assert (await world.call("GET", f"{DAISY}/balance", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("notlocalhost", False),
        ("127.1", False),
        ("", False),
    ],
)
def test_names_of_the_machine_itself(name: str, local: bool) -> None:
    assert is_local_name(name) is local

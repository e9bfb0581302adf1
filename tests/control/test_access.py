"""Access to the control API: holders of the token; on a server without one, only programs on this machine."""

from base64 import b64encode

import pytest

from mockserver.domain.hosts import is_own_name
from tests.control.problems import problem_of
from tests.outside import BASE, acme_running
from tests.support import World, running

pytestmark = pytest.mark.anyio
TOKEN = "right-token"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:7460",
        "LOCALHOST",
        "127.0.0.1:1",
        "127.9.9.9",
        "[::1]:7460",
        "[::1]",
        "app.localhost:80",
        "localhost:",
        "[0:0:0:0:0:0:0:1]:80",
    ],
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


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("Cross-Site", 403), ("same-origin", 200), ("none", 200)]
)
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


@pytest.mark.parametrize("headers", [{"Host": "mock:7460"}, {"Origin": "http://evil.test"}, {}])
async def test_health_is_open_to_everybody(headers: dict[str, str]) -> None:
    async with running(token=TOKEN) as world:
        assert (await world.control("GET", "/health", headers=headers)).status_code == 200


# -- the inbox -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "headers", [{}, {"Host": "mock:7460"}, {"Host": "evil.test"}, {"Origin": "http://localhost:1"}]
)
async def test_receiving_asks_for_no_token_and_looks_at_no_host(token: str | None, headers: dict[str, str]) -> None:
    async with running(token=token) as world:
        assert (await world.control("POST", "/inbox/in", {"a": 1}, headers=headers)).status_code == 200


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "Cross-Site"},
        {"Sec-Fetch-Site": "cross-site", "X-Mock-Token": "wrong"},
    ],
)
async def test_a_web_page_plants_no_webhook(token: str | None, headers: dict[str, str]) -> None:
    async with running(token=token) as world:
        problem_of(await world.control("POST", "/inbox/in", {"a": 1}, headers=headers), 403)
        guarded = {"X-Mock-Token": TOKEN} if token else {}
        assert (await world.steer("GET", "/inbox/in", headers=guarded))["received"] == []


async def test_the_right_token_may_plant_a_webhook_from_anywhere() -> None:
    async with running(token=TOKEN) as world:
        headers = {"X-Mock-Token": TOKEN, "Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site"}
        assert (await world.control("POST", "/inbox/in", headers=headers)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_reading_emptying_and_steering_an_inbox_ask_for_the_token(method: str) -> None:
    async with running(token=TOKEN) as world:
        answer = await world.control(method, "/inbox/in", headers={"Host": "mock:7460"})
        assert answer.status_code == 401
        assert (await world.control(method, "/inbox/in", headers={"X-Mock-Token": TOKEN})).status_code in (200, 204)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.com"}, {"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_without_a_token_they_are_guarded_like_the_rest(
    world: World, method: str, headers: dict[str, str]
) -> None:
    problem_of(await world.control(method, "/inbox/in", headers=headers), 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Mock-Token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Basic " + b64encode(f"x:{TOKEN}".encode()).decode()},
        {"Proxy-Authorization": "Basic " + b64encode(f"x:{TOKEN}".encode()).decode()},
        {"X-Own": f"a {TOKEN} b"},
    ],
)
async def test_an_inbox_never_shows_the_token_of_the_control_api(headers: dict[str, str]) -> None:
    async with running(token=TOKEN) as world:
        body = {"token": TOKEN, "kept": 1}
        await world.control("POST", f"/inbox/x?token={TOKEN}", body, headers=headers)
        shown = await world.control("GET", "/inbox/x", headers={"X-Mock-Token": TOKEN})
        assert TOKEN not in shown.text
        assert b64encode(TOKEN.encode()).decode()[:8] not in shown.text
        (message,) = shown.json()["received"]
        assert message["json"] == {"token": "[redacted]", "kept": 1}
        assert message["headers"]["content-type"] == "application/json"


async def test_a_mock_token_is_hidden_where_none_is_asked_for_and_other_credentials_are_not(world: World) -> None:
    headers = {"X-Mock-Token": "left over", "Authorization": "Bearer a-receivers-own"}
    await world.control("POST", "/inbox/in", headers=headers)
    (message,) = (await world.steer("GET", "/inbox/in"))["received"]
    assert message["headers"]["x-mock-token"] == "[redacted]"
    assert message["headers"]["authorization"] == "Bearer a-receivers-own"


# -- what a Host may be --------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "host",
    [
        "localhost:80@evil.com",
        "[::1].evil.com",
        "[::1]evil.com:80",
        "localhost:7460:80",
        "localhost:port",
        "localhost:99999",
        "localhost/x",
        "http://localhost",
        "local host",
        "localhost,evil.com",
        "[localhost]",
        "[::1",
        "::1",
        "[1:2:3]",
        ".localhost",
        "l\xf6calhost",
    ],
)
async def test_a_host_that_is_none_is_400(token: str | None, host: str) -> None:
    async with running(token=token) as world:
        headers = {"Host": host.encode("latin-1"), "X-Mock-Token": TOKEN.encode()}
        problem = problem_of(await world.control("GET", "/clock", headers=headers), 400)
        assert "Host" in problem["detail"]


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("second", ["localhost", "evil.com"])
async def test_two_hosts_are_400(token: str | None, second: str) -> None:
    async with running(token=token) as world:
        headers = [("Host", "localhost"), ("Host", second), ("X-Mock-Token", TOKEN)]
        problem = problem_of(await world.control("GET", "/clock", headers=headers), 400)
        assert "several" in problem["detail"]


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
        has_token = "X-Mock-Token" in headers or headers.get("Authorization", "").startswith("Bearer")
        assert problem["detail"].startswith("this token is wrong" if has_token else "the control API needs")
        assert TOKEN not in answer.text


async def test_the_emulated_apis_ask_for_no_token_and_no_host() -> None:
    async with acme_running(token=TOKEN) as world:
        headers = {"Host": "mock:7460", "Origin": "http://evil.test", "Authorization": "Bearer acme-demo"}
        assert (await world.call("GET", f"{BASE}/balance", headers=headers)).status_code == 200


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
    assert is_own_name(name) is local

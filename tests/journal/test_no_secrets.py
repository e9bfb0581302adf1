"""No output of the control API ever tells a credential."""

import re
from typing import Any

import pytest

from mockserver.control.app import OPERATIONS
from tests.support import World, running

pytestmark = pytest.mark.anyio
KEY = "MARK-key-0001"
UNKNOWN = "MARK-unknown-0002"
TOKEN = "MARK-token-0003"
IN_URL = "MARK-url-0004"
IN_BODY = "MARK-body-0005"
IN_QUERY = "MARK-query-0006"
IN_COOKIE = "MARK-cookie-0007"
IN_BROKEN_URL = "MARK-broken-0008"
AS_USER = "MARK-user-0009"
BODY: dict[str, Any] = {
    "country": 6,
    "service": "wa",
    "price": 1,
    "password": IN_BODY,
    "client_secret": {"nested": IN_BODY, "more": [IN_BODY]},
    "token": [IN_BODY],
}


async def plant(world: World) -> str:
    """Put secrets wherever clients and tests put them; the id of an order."""
    await world.steer("POST", "/accounts/daisysim", {"id": "mine", "credentials": {"key": KEY}, "balance": "50"})
    urls = (
        f"http://127.0.0.1:1/hook?auth={IN_URL}",
        f"http://{AS_USER}:{AS_USER}@127.0.0.1:1/hook?auth={IN_URL}",
        f"http://127.0.0.1:1/with space?auth={IN_BROKEN_URL}",
        f"http://[::1/hook?auth={IN_BROKEN_URL}",
        f"ftp://127.0.0.1/?auth={IN_URL}",
        f"http://169.254.169.254/?auth={IN_URL}",
    )
    wanted = {"country": 6, "service": "wa", "price": await world.price()}
    for url in urls:
        await world.steer("PATCH", "/accounts/daisysim/mine", {"webhook_url": url})
        bought = await world.daisy("POST", "/purchase", wanted, key=KEY)
        assert bought.status_code == 201, bought.text
        order: str = bought.json()["data"]["activation_id"]
        await world.steer("POST", f"/orders/daisysim/{order}/events", {"event": "sms"})
        await world.steer("POST", "/clock/advance", {"by": 0})
    await world.daisy("GET", "/balance", key=UNKNOWN)
    headers = {"X-Mock-Token": TOKEN, "Cookie": f"session={IN_COOKIE}", "X-Api-Key": TOKEN}
    await world.daisy("GET", f"/history?api_key={IN_QUERY}&%74oken={IN_QUERY}", headers=headers, key=KEY)
    await world.daisy("POST", "/purchase", BODY, key=KEY)
    await world.daisy("POST", f"/nowhere?token={IN_QUERY}", BODY, key=KEY, headers=headers)
    await world.daisy("DELETE", f"/balance?password={IN_QUERY}", key=KEY)
    return order


async def outputs(world: World, order: str) -> dict[str, str]:
    """What every GET of the control API says, by path."""
    delivery = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"][0]["id"]
    fields = {
        "/sandboxes/{name}": ["default"],
        "/accounts/{provider}/{id}": ["daisysim/demo"],
        "/ledger/{provider}/{id}": ["daisysim/mine"],
        "/orders/{provider}/{id}": [f"daisysim/{order}"],
        "/scenarios/{name}": ["quick"],
        "/machines/{provider}/{kind}": ["daisysim/activation"],
        "/requests/{id}": [one["id"] for one in (await world.steer("GET", "/requests"))["requests"]],
        "/webhooks/deliveries/{id}": [delivery],
        "/inbox/{name}": ["in"],
        "/openapi/{provider}.json": ["daisysim.json"],
        "/settings": ["", "?help=1"],
    }
    found = {}
    for operation in OPERATIONS:
        if operation.method != "GET" or operation.path in ("/faults/{id}", "/state"):
            continue
        stem = operation.path.partition("{")[0]
        for rest in fields.get(operation.path, [""]):
            answer = await world.control("GET", f"{stem}{rest}")
            assert answer.status_code == 200, (operation.path, answer.text)
            found[f"{stem}{rest}"] = answer.text
    for path in ("/requests/find", "/requests/count"):
        found[path] = (await world.control("POST", path, {})).text
    return found


async def test_no_credential_shows_anywhere() -> None:
    async with running() as world:
        order = await plant(world)
        for path, text in (await outputs(world, order)).items():
            if path == "/accounts":
                shown = [one for one in (await world.steer("GET", "/accounts"))["accounts"] if one["id"] == "mine"]
                text = text.replace(shown[0]["webhook_url"], "")
            assert re.findall(r"MARK-[a-z]+-\d+", text) == [], path


async def test_the_account_itself_shows_its_webhook_url_whole() -> None:
    async with running() as world:
        await plant(world)
        account = await world.steer("GET", "/accounts/daisysim/mine")
        assert account["webhook_url"] == f"http://169.254.169.254/?auth={IN_URL}"
        assert KEY not in str(account)


async def test_what_is_no_secret_is_kept() -> None:
    async with running() as world:
        await world.daisy("GET", "/history?page=1&note=hello", headers={"X-Note": "kept"})
        (entry,) = (await world.steer("GET", "/requests"))["requests"]
        assert entry["query"] == "page=1&note=hello"
        assert ["x-note", "kept"] in entry["request"]["headers"]
        assert ["authorization", "[redacted]"] in entry["request"]["headers"]

"""No output of the control API ever shows a credential."""

import re
from typing import Any

import pytest

from mockserver.control.app import OPERATIONS
from tests.events.support import all_told
from tests.journal.names import SECRET_HEADERS
from tests.outside import AcmeWorld, acme_running
from tests.support import running

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
    "service": "chat",
    "price": 1,
    "password": IN_BODY,
    "client_secret": {"nested": IN_BODY, "more": [IN_BODY]},
    "token": [IN_BODY],
}


async def plant(world: AcmeWorld) -> str:
    """Put secrets wherever clients and tests put them; the id of an order."""
    await world.steer("POST", "/accounts/acme", {"id": "mine", "credentials": {"key": KEY}, "balance": "50"})
    urls = (
        f"http://127.0.0.1:1/hook?auth={IN_URL}",
        f"http://{AS_USER}:{AS_USER}@127.0.0.1:1/hook?auth={IN_URL}",
        f"http://127.0.0.1:1/with space?auth={IN_BROKEN_URL}",
        f"http://[::1/hook?auth={IN_BROKEN_URL}",
        f"ftp://127.0.0.1/?auth={IN_URL}",
        f"http://169.254.169.254/?auth={IN_URL}",
    )
    for url in urls:
        await world.steer("PATCH", "/accounts/acme/mine", {"webhook_url": url})
        bought = await world.ask("POST", "/orders", {"service": "chat"}, key=KEY)
        assert bought.status_code == 201, bought.text
        order: str = bought.json()["id"]
        await world.steer("POST", f"/orders/acme/{order}/events", {"event": "sms"})
        await world.steer("POST", "/clock/advance", {"by": 0})
    await world.ask("GET", "/balance", key=UNKNOWN)
    headers = {"X-Mock-Token": TOKEN, "Cookie": f"session={IN_COOKIE}", "X-Api-Key": TOKEN}
    await world.ask("GET", f"/orders?api_key={IN_QUERY}&%74oken={IN_QUERY}", headers=headers, key=KEY)
    await world.ask("POST", "/orders", BODY, key=KEY)
    await world.ask("POST", f"/nowhere?token={IN_QUERY}", BODY, key=KEY, headers=headers)
    await world.ask("DELETE", f"/balance?password={IN_QUERY}", key=KEY)
    return order


async def outputs(world: AcmeWorld, order: str) -> dict[str, str]:
    """What every GET of the control API says, by path."""
    delivery = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"][0]["id"]
    fields = {
        "/sandboxes/{name}": ["default"],
        "/accounts/{provider}/{id}": ["acme/demo"],
        "/ledger/{provider}/{id}": ["acme/mine"],
        "/orders/{provider}/{id}": [f"acme/{order}"],
        "/scenarios/{name}": ["quick"],
        "/machines/{provider}/{kind}": ["acme/activation"],
        "/requests/{id}": [one["id"] for one in (await world.steer("GET", "/requests"))["requests"]],
        "/webhooks/deliveries/{id}": [delivery],
        "/inbox/{name}": ["in"],
        "/events/{provider}": ["acme"],
        "/openapi/{provider}.json": ["acme.json"],
        "/docs/{provider}": ["acme"],
        "/settings": ["", "?help=1"],
    }
    found = {}
    for operation in OPERATIONS:
        if operation.method != "GET" or operation.path in ("/faults/{id}", "/state") or operation.endless:
            continue
        stem = operation.path.partition("{")[0]
        for rest in fields.get(operation.path, [""]):
            answer = await world.control("GET", f"{stem}{rest}")
            assert answer.status_code == 200, (operation.path, answer.text)
            found[f"{stem}{rest}"] = answer.text
    for path in ("/requests/find", "/requests/count"):
        found[path] = (await world.control("POST", path, {})).text
    found["/events"] = await all_told(world.app)
    return found


async def test_no_credential_shows_anywhere() -> None:
    async with acme_running() as world:
        order = await plant(world)
        for path, text in (await outputs(world, order)).items():
            if path == "/accounts":
                shown = [one for one in (await world.steer("GET", "/accounts"))["accounts"] if one["id"] == "mine"]
                text = text.replace(shown[0]["webhook_url"], "")
            assert re.findall(r"MARK-[a-z]+-\d+", text) == [], path


async def test_the_account_itself_shows_its_webhook_url_whole() -> None:
    async with acme_running() as world:
        await plant(world)
        account = await world.steer("GET", "/accounts/acme/mine")
        assert account["webhook_url"] == f"http://169.254.169.254/?auth={IN_URL}"
        assert KEY not in str(account)


async def test_what_is_no_secret_is_kept() -> None:
    async with acme_running() as world:
        await world.ask("GET", "/orders?limit=1&note=hello", headers={"X-Note": "kept"})
        (entry,) = (await world.steer("GET", "/requests"))["requests"]
        assert entry["query"] == "limit=1&note=hello"
        assert ["x-note", "kept"] in entry["request"]["headers"]
        assert ["authorization", "[redacted]"] in entry["request"]["headers"]


async def test_secrets_are_told_by_the_parts_of_their_names_wherever_they_stand() -> None:
    async with acme_running() as world:
        headers = {name: "MARK-header-1" for name in SECRET_HEADERS if name != "authorization"}
        query = "&".join(f"{name}=MARK-query-1" for name in ("key", "auth", "sig", "pwd", "x[token]", "user.password"))
        await world.ask("GET", f"/orders?{query}", headers=headers)
        form: dict[str, Any] = {"files": {"user[password]": (None, "MARK-part-1\r\n--not a boundary\r\nMARK-part-2")}}
        await world.ask("POST", "/orders", **form)
        for body in (
            "user[pwd]=MARK-form-1",
            "pin: |\n  MARK-yaml-1\n  MARK-yaml-2\n",
            "<key><![CDATA[MARK-xml-1]]></key>",
        ):
            await world.ask("POST", "/orders", content=body)
        wanted = {"service": "chat", "access_key": "MARK-json-1", "privateKey": {"a": ["MARK-json-2"]}}
        assert (await world.ask("POST", "/orders", wanted)).status_code == 201
        shown = await world.steer("GET", "/requests")
        assert re.findall(r"MARK-[a-z]+-\d+", str(shown)) == []
        assert shown["requests"][0]["request"]["json"] | {"service": "chat"} == {
            **wanted,
            "access_key": "[redacted]",
            "privateKey": "[redacted]",
        }


async def test_a_secret_in_a_path_is_hidden_where_the_provider_has_one() -> None:
    """Acme has none, doctorSIM v1 has: the hash of its IMEI checks."""
    async with running() as world:
        headers = {"DSIM_KEY": "live-key", "DSIM_SECRET": "live-secret"}
        path = "/api.doctorsim.com/imeicheck/490154203237518"
        assert (await world.call("POST", f"{path}/MARK-hash-1", headers=headers)).status_code == 200
        (entry,) = (await world.steer("GET", "/requests"))["requests"]
        assert (entry["path"], entry["operation"]) == ("/imeicheck/490154203237518/[redacted]", "imeicheck")
        assert "MARK-hash-1" not in str(await world.steer("GET", f"/requests/{entry['id']}"))

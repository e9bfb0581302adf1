"""The authorization endpoint: RFC 6749 (4.1.1, 4.1.2), RFC 7636, RFC 9207."""

import json
import re
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from tests.providers.doctorsim_v2.oauth.flows import CALLBACK, Flow, redirected, refusal

pytestmark = pytest.mark.anyio


async def test_a_person_sees_who_asks_for_what_and_chooses_an_account(flow: Flow) -> None:
    client = await flow.register(client_name="<b>Agent</b>")
    answer = await flow.authorize(client)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    page = answer.text
    assert "&lt;b&gt;Agent&lt;/b&gt;" in page
    assert "<b>Agent" not in page
    for scope in ("orders:read", "orders:write", "balance:read"):
        assert f"<code>{scope}</code>" in page
    assert re.findall(r"<option>(\w+)</option>", page)[0] == "test_demo"
    assert not {"test_revoked", "test_denied"} & set(re.findall(r"<option>(\w+)</option>", page))
    assert (await flow.send("HEAD", f"/oauth/authorize?{urlencode(flow.request(client))}")).status_code == 405


async def test_the_pages_form_leads_to_a_code(flow: Flow) -> None:
    page = (await flow.authorize(await flow.register())).text
    [action] = re.findall(r'action="([^"]+)"', page)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    form = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    answer = await flow.world.client.post(action, data={**form, "account": "live_demo", "decision": "approve"})
    assert answer.status_code == 303
    found = redirected(answer)
    assert set(found) == {"code", "state", "iss"}
    assert (found["state"], found["iss"]) == ("st&te=1", flow.issuer)


async def test_parameters_that_nobody_knows_are_ignored_though_the_form_has_the_same_names(flow: Flow) -> None:
    page = (await flow.authorize(await flow.register(), account="x", decision="deny", prompt="login")).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    assert "prompt" in hidden
    assert not {"account", "decision"} & hidden.keys()


async def test_the_setting_approves_without_a_page(flow: Flow) -> None:
    client = await flow.register()
    await flow.world.setting(auto_approve="test_demo")
    answer = await flow.authorize(client)
    assert answer.status_code == 302
    assert redirected(answer)["code"].startswith("ac_")
    assert "state" not in redirected(await flow.authorize(client, state=None))
    for account in ("nobody", "test_denied"):
        await flow.world.setting(auto_approve=account)
        assert redirected(await flow.authorize(client))["error"] == "access_denied"


async def test_the_journal_keeps_no_code(flow: Flow) -> None:
    code = await flow.code(client := await flow.register())
    await flow.exchange(client, code)
    entries = (await flow.world.steer("GET", "/requests"))["requests"]
    kept = json.dumps([await flow.world.steer("GET", f"/requests/{entry['id']}") for entry in entries])
    assert code not in kept
    assert "/oauth/authorize" in kept


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "cli_000000000000000000000000"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK.replace("127.0.0.1", "localhost")},
        {"redirect_uri": CALLBACK.replace("http", "https")},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": "/callback"},
    ],
)
async def test_with_client_or_redirect_in_doubt_nobody_is_redirected(flow: Flow, changes: dict[str, Any]) -> None:
    client = await flow.register()
    for answer in (await flow.authorize(client, **changes), await flow.decide(client, **changes)):
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "location" not in answer.headers


async def test_a_parameter_that_comes_twice_is_refused(flow: Flow) -> None:
    query = urlencode(flow.request(await flow.register()))
    answer = await flow.send("GET", f"/oauth/authorize?{query}&state=again")
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_a_redirect_uri_may_be_left_out_when_there_is_one(flow: Flow) -> None:
    one = await flow.register()
    code = redirected(await flow.decide(one, redirect_uri=None))["code"]
    assert (await flow.exchange(one, code, redirect_uri=None)).status_code == 200
    two = await flow.register(redirect_uris=[CALLBACK, "https://b.example/"])
    assert (await flow.authorize(two, redirect_uri=None)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"code_challenge": "=" * 43}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": "orders:read everything"}, "invalid_scope"),
        ({"scope": " "}, "invalid_scope"),
        ({"resource": "https://other.example/"}, "invalid_target"),
    ],
)
async def test_other_mistakes_are_told_to_the_client(flow: Flow, changes: dict[str, Any], code: str) -> None:
    client = await flow.register()
    for answer in (await flow.authorize(client, **changes), await flow.decide(client, **changes)):
        found = redirected(answer)
        assert found["error"] == code
        assert found["error_description"]
        assert (found["state"], found["iss"]) == ("st&te=1", flow.issuer)


async def test_a_client_gets_no_more_than_it_registered_for(flow: Flow) -> None:
    client = await flow.register(scope="balance:read")
    assert redirected(await flow.authorize(client))["error"] == "invalid_scope"
    assert (await flow.tokens(client, scope=None))["scope"] == "balance:read"
    machine = await flow.secretive(grant_types=["client_credentials"], response_types=[])
    assert redirected(await flow.authorize(machine))["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "changes", [{"decision": "deny"}, {"decision": None}, {"account": "nobody"}, {"account": "test_revoked"}]
)
async def test_what_is_not_approved_is_denied(flow: Flow, changes: dict[str, Any]) -> None:
    found = redirected(await flow.decide(await flow.register(), **changes))
    assert (found["error"], found["state"]) == ("access_denied", "st&te=1")


async def test_the_query_of_a_redirect_uri_is_kept(flow: Flow) -> None:
    uri = "https://a.example/cb?tenant=7"
    client = await flow.register(redirect_uris=[uri])
    answer = await flow.decide(client, redirect_uri=uri)
    assert answer.headers["location"].startswith(f"{uri}&code=ac_")


# -- loopback ports (RFC 8252, 7.3)


@pytest.mark.parametrize(
    ("registered", "used"),
    [
        ("http://127.0.0.1/callback", "http://127.0.0.1:53219/callback"),
        ("http://127.0.0.1:8123/callback", "http://127.0.0.1:1/callback"),
        ("http://127.0.0.1:8123/callback", "http://127.0.0.1/callback"),
        ("http://127.0.0.1:8123/cb?a=1", "http://127.0.0.1:65535/cb?a=1"),
        ("http://127.0.0.1", "http://127.0.0.1:53219"),
        ("http://[::1]/callback", "http://[::1]:53219/callback"),
    ],
)
async def test_an_app_may_listen_on_any_port_of_a_loopback_address(flow: Flow, registered: str, used: str) -> None:
    client = await flow.register(redirect_uris=[registered])
    await flow.world.setting(auto_approve="test_demo")
    answer = await flow.authorize(client, redirect_uri=used)
    assert answer.status_code == 302
    place, mark, query = answer.headers["location"].partition("&" if "?" in used else "?")
    assert (place, mark != "") == (used, True)
    code = parse_qs(query)["code"][0]
    # The token request repeats the URI that was used, not the one that was registered.
    refused = await flow.exchange(client, code, redirect_uri=registered)
    assert refusal(refused) == (400, "invalid_grant")
    assert (await flow.exchange(client, code, redirect_uri=used)).status_code == 200


@pytest.mark.parametrize(
    ("registered", "used"),
    [
        ("http://127.0.0.1/callback", "http://127.0.0.1:53219/other"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:53219/callback/"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:53219/callback?x=1"),
        ("http://127.0.0.1/callback", "https://127.0.0.1:53219/callback"),
        ("https://127.0.0.1/callback", "https://127.0.0.1:53219/callback"),
        ("http://127.0.0.1/callback", "http://[::1]:53219/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.2:53219/callback"),
        ("http://127.0.0.1/callback", "http://localhost:53219/callback"),
        ("http://localhost/callback", "http://localhost:53219/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:0/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:65536/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:80@evil.example/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:\u0663/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1.evil.example:80/callback"),
        ("http://127.0.0.1/callback", "HTTP://127.0.0.1:80/callback"),
        ("https://agent.example/callback", "https://agent.example:8443/callback"),
        ("com.example.app:/callback", "com.example.app:/other"),
    ],
)
async def test_nothing_but_the_port_may_differ_and_only_of_a_loopback_address(
    flow: Flow, registered: str, used: str
) -> None:
    client = await flow.register(redirect_uris=[registered])
    for answer in (await flow.authorize(client, redirect_uri=used), await flow.decide(client, redirect_uri=used)):
        assert (answer.status_code, "location" in answer.headers) == (400, False)


# -- the client that is registered beforehand

PUBLIC = {"client_id": "cli_e97f6079db704bcc0a0c39b8"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.1:53219", "localhost:53219"])
@pytest.mark.parametrize("name", ["", "w"])
async def test_the_vendors_public_client_is_registered_in_every_sandbox(flow: Flow, host: str, name: str) -> None:
    there = Flow(flow.world.beside(name)) if name else flow
    used = f"http://{host}/callback"
    await there.world.setting(auto_approve="test_demo")
    answer = await there.authorize(PUBLIC, redirect_uri=used)
    place, _, query = answer.headers["location"].partition("?")
    assert place == used
    tokens = (await there.exchange(PUBLIC, parse_qs(query)["code"][0], redirect_uri=used)).json()
    assert await there.world.data("GET", "/balance", key=tokens["access_token"])
    assert (await there.refresh(PUBLIC, tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize(
    "used", ["http://localhost/other", "https://localhost/callback", "http://[::1]/callback", None]
)
async def test_the_public_client_has_no_other_redirect(flow: Flow, used: str | None) -> None:
    assert (await flow.authorize(PUBLIC, redirect_uri=used)).status_code == 400


async def test_the_public_client_is_hidden_by_the_documented_profile(flow: Flow) -> None:
    await flow.world.setting(profile="documented")
    assert (await flow.authorize(PUBLIC, redirect_uri="http://127.0.0.1/callback")).status_code == 400
    assert refusal(await flow.exchange(PUBLIC, "ac_x")) == (401, "invalid_client")


async def test_the_public_client_has_no_secret_and_no_account_of_its_own(flow: Flow) -> None:
    assert refusal(await flow.exchange(PUBLIC, "ac_x", client_secret="guess")) == (401, "invalid_client")
    answer = await flow.token(PUBLIC, grant_type="client_credentials")
    assert refusal(answer) == (400, "unauthorized_client")


# -- the resource by the name that the vendor's documents have

VENDORS = "https://api.doctorsim.com/v2"


def claims_in(token: str) -> Any:
    """What a JWT says, unchecked."""
    body = token.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


@pytest.mark.parametrize("name", [VENDORS, f"{VENDORS}/", "http://localhost:7460/api.doctorsim.com/v2"])
async def test_the_resource_has_the_name_here_and_the_vendors(flow: Flow, name: str) -> None:
    client = await flow.register()
    code = await flow.code(client, resource=name)
    tokens = (await flow.exchange(client, code, resource=name)).json()
    assert claims_in(tokens["access_token"])["aud"] == name.rstrip("/")
    assert await flow.world.data("GET", "/balance", key=tokens["access_token"])
    for other in (VENDORS, "http://localhost:7460/api.doctorsim.com/v2"):
        tokens = (await flow.refresh(client, tokens["refresh_token"], resource=other)).json()
    answer = await flow.refresh(client, tokens["refresh_token"], resource="https://api.doctorsim.com/v3")
    assert refusal(answer) == (400, "invalid_target")
    machine = await flow.secretive()
    own = (await flow.token(machine, grant_type="client_credentials", resource=name)).json()
    assert claims_in(own["access_token"])["aud"] == name.rstrip("/")


# -- the address that answers go to


async def test_the_answer_is_put_behind_whatever_the_uri_has(flow: Flow) -> None:
    for uri, start in (
        ("https://a.example/cb?", "https://a.example/cb?code=ac_"),
        ("https://a.example/cb?x=1&", "https://a.example/cb?x=1&code=ac_"),
        ("com.example.app:/cb", "com.example.app:/cb?code=ac_"),
        ("com.example.app://", "com.example.app://?code=ac_"),
        ("com.example.app://host/cb", "com.example.app://host/cb?code=ac_"),
    ):
        client = await flow.register(redirect_uris=[uri])
        assert (await flow.decide(client, redirect_uri=uri)).headers["location"].startswith(start)

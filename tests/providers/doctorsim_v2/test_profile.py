"""The setting `doctorsim_v2.profile`."""

import re

import pytest

from mockserver.http.provider import Endpoint
from mockserver.providers.doctorsim_v2 import PROVIDER
from tests.providers.doctorsim_v2.judged import V2
from tests.providers.doctorsim_v2.oauth.flows import Flow, refusal

pytestmark = pytest.mark.anyio

PLACES = [(PROVIDER.mounts[0], PROVIDER.endpoints), *((annex.mount, annex.endpoints) for annex in PROVIDER.annexes)]
EVERYTHING: list[tuple[str, Endpoint]] = [
    (f"/{mount.host}{mount.prefix}{one.path}", one) for mount, endpoints in PLACES for one in endpoints
]
#: As the vendor's reference page lists them.
ON_THE_PAGE = {
    *("GET /countries", "GET /operators", "GET /operators/{}/service-types", "GET /service-types"),
    *("GET /operators/{}/rates", "GET /products/search", "GET /products/{}", "GET /carriers/lookup/{}"),
    *("POST /orders", "GET /orders", "GET /orders/{}", "GET /balance", "GET /balance/history"),
    *("POST /webhooks", "GET /webhooks", "GET /webhooks/{}", "PATCH /webhooks/{}", "DELETE /webhooks/{}"),
    *("GET /.well-known/oauth-authorization-server", "POST /oauth/register", "GET /oauth/authorize"),
    *("POST /oauth/token", "GET /auth.md", "GET /{}/auth.md"),
}
#: What the vendor has today beside the page.
CURRENT = [
    *(("GET", f"/topup{path}") for path in ("/countries", "/operators", "/operators/{id}/service-types")),
    *(("GET", f"/topup{path}") for path in ("/service-types", "/operators/{id}/rates", "/products/search")),
    *(("GET", f"/topup{path}") for path in ("/products/{id}", "/carriers/lookup/{phone}", "/orders", "/orders/{id}")),
    ("POST", "/topup/orders"),
    *(("GET", f"/giftcards{path}") for path in ("/countries", "/brands", "/brands/{id}/products", "/products/{id}")),
]


def test_documented_is_what_the_reference_page_lists() -> None:
    documented = [one for _, one in EVERYTHING if one.provenance == "documented"]
    assert {f"{one.method} {re.sub('{[^}]+}', '{}', one.path)}" for one in documented} == ON_THE_PAGE


async def asked(world: V2) -> dict[tuple[str, str], bool]:
    """Whether each endpoint is there: its refusal of an empty call is another than that of an unknown path."""
    found = {}
    for address, endpoint in EVERYTHING:
        answer = await world.call(endpoint.method, re.sub("{[^}]+}", "1", address.replace("{lang}", "ar")))
        error = answer.json().get("error") if "json" in answer.headers["content-type"] else None
        code = error["code"] if isinstance(error, dict) else error
        found[endpoint.method, address] = (answer.status_code, str(code).upper()) != (404, "NOT_FOUND")
    return found


async def test_the_profile_leaves_the_paths_that_are_documented(world: V2) -> None:
    assert all((await asked(world)).values())
    await world.setting(profile="documented")
    named = {address for address, one in EVERYTHING if one.provenance == "documented"}
    found = await asked(world)
    assert {address for (_, address), there in found.items() if there} == named
    assert {key for key, there in found.items() if not there} == {
        ("GET", "/api.doctorsim.com/v2/status"),
        ("POST", "/api.doctorsim.com/v2/orders/preview"),
        ("POST", "/api.doctorsim.com/v2/webhooks/orders"),
        ("GET", "/www.doctorsim.com/oauth/jwks.json"),
        ("GET", "/www.doctorsim.com/.well-known/openid-configuration"),
        ("POST", "/www.doctorsim.com/oauth/revoke"),
        ("GET", "/api.doctorsim.com/.well-known/oauth-protected-resource/v2"),
        *((method, f"/api.doctorsim.com/v2{path}") for method, path in CURRENT),
        ("GET", "/api.doctorsim.com/v2/.well-known/oauth-protected-resource/v2"),
        ("GET", "/www.doctorsim.com/.well-known/oauth-protected-resource/v2"),
        ("GET", "/www.doctorsim.com/api-docs/"),
        ("GET", "/www.doctorsim.com/api-docs/openapi.yaml"),
    }


async def test_what_is_switched_off_is_no_path_at_all(world: V2) -> None:
    await world.setting(profile="documented")
    for method, path in (("GET", "/status"), ("POST", "/status"), ("POST", "/orders/preview"), ("GET", "/nothing")):
        answer = await world.call(method, f"/api.doctorsim.com/v2{path}")
        body = answer.json()
        assert (answer.status_code, body["success"], body["error"]["code"]) == (404, False, "NOT_FOUND")
        assert "allow" not in answer.headers
        entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
        assert (entry["operation"], entry["mistake"]) == (None, "UnknownRoute")
    assert (await world.call("POST", "/www.doctorsim.com/oauth/revoke")).json()["error"] == "not_found"


async def test_nothing_leads_to_what_is_switched_off(world: V2) -> None:
    flow = Flow(world)
    await world.setting(profile="documented")
    metadata = (await flow.send("GET", "/.well-known/oauth-authorization-server")).json()
    assert not {"jwks_uri", "revocation_endpoint", "revocation_endpoint_auth_methods_supported"} & metadata.keys()
    assert "resource_metadata" not in (await world.v2("GET", "/balance", key=None)).headers["www-authenticate"]
    guide = (await flow.send("GET", "/auth.md")).text
    assert not [one for one in ("oauth-protected-resource", "/oauth/revoke", "cli_") if one in guide]
    client = await flow.register()
    tokens = await flow.tokens(client)
    assert (await flow.refresh(client, tokens["refresh_token"])).status_code == 200
    assert (await world.data("GET", "/balance", key=tokens["access_token"]))["environment"] == "sandbox"
    assert refusal(await flow.exchange(client, "ac_x")) == (400, "invalid_grant")

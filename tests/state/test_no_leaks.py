"""Marked secrets, planted wherever a client can put one, appear in no output of the server.

Asked of every provider. `tests/journal/test_no_secrets.py` follows single outputs of one.
"""

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest

from mockserver.control.app import OPERATIONS
from mockserver.http.provider import Endpoint, Provider
from tests.conformance.client import Client, client_of
from tests.events.support import all_told
from tests.journal.names import SECRET_FIELDS, SECRET_HEADERS
from tests.served import PROVIDERS

pytestmark = pytest.mark.anyio

_MARK = re.compile(r"MARKED-[a-z]+-\d+", re.IGNORECASE)
IN_URL = "MARKED-url-1"
#: A receiver that sets a cookie, and a broken one.
_WHERE = (f"http://127.0.0.1:1/hook?auth={IN_URL}", f"http://x y/?{IN_URL}", f"http://[::1/?{IN_URL}")


def _bodies(name: str) -> Iterator[bytes]:
    """A secret in JSON of every kind, in forms, and in what is neither."""
    mark = "MARKED-body-2"
    yield json.dumps({name: mark, name.upper(): [mark, {"a": mark}], "deep": [{name: {"b": mark}}]}).encode()
    yield json.dumps({"inside": json.dumps({name: mark, "inner": json.dumps({name: mark})})}).encode()
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in name)
    yield f'{{"{escaped}": "{mark}"}}'.encode()
    yield f'{{"{name}": "{mark}'.encode()
    yield f'{{"{name}": "{mark}", "a": }}'.encode()
    yield f"{{'{name}': '{mark}', 'a': {{'{name}': [\"{mark}\"]}}}}".encode()
    yield f"{{{name}: {mark}}}".encode()
    yield f"{name}: {mark}\n{name} = {mark}\n".encode()
    yield f"a=1&{name}={mark}&b={mark[:0]}&{name}={mark}".encode()
    yield f"a=1&%{ord(name[0]):02x}{name[1:]}={mark}".encode()
    yield f"<{name}>{mark}</{name}>".encode()
    part = f'Content-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain\r\n\r\n{mark}\r\n'
    yield f"--x\r\n{part}--x\r\n{part}--x--\r\n".encode()
    yield f"\xff{name}={mark}".encode("latin-1")


def _queries(name: str) -> Iterator[str]:
    mark = "MARKED-query-3"
    yield f"{name}={mark}"
    yield f"a=1&{name.upper()}={mark}&{name}={mark}"
    yield f"%{ord(name[0]):02X}{name[1:]}={mark}&%zz=%"


_HEADERS = dict.fromkeys(SECRET_HEADERS, "MARKED-header-4")


@pytest.fixture(params=PROVIDERS, ids=lambda one: one.name)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with client_of(request.param) as client:
        yield client


async def plant(client: Client) -> list[httpx.Response]:
    """Put secrets everywhere; the answers of the control API."""
    account = f"/accounts/{client.provider.name}/{client.samples.account}"
    await client.world.steer("PATCH", account, {"balance": "100000"})
    answers = await _plant_accounts(client)
    names = sorted(SECRET_FIELDS | client.provider.secrets.fields)
    for number, endpoint in enumerate(client.provider.endpoints):
        ask = await client.ask(endpoint)
        path = ask.path.partition("?")[0]
        # One name for each endpoint and each form, so that every one has its turn.
        for place in range(3):
            name = names[(number * 3 + place) % len(names)]
            for query in _queries(name):
                await client.send(endpoint.method, f"{path}?{query}", ask.body)
            for body in _bodies(name):
                await client.send(endpoint.method, path, content=body)
        await _plant_headers(client, endpoint, path, ask.body)
    return answers


async def _plant_headers(client: Client, endpoint: Endpoint, path: str, body: Any) -> None:
    strange: Mapping[str, str] = {
        name: value.replace(value.split()[-1], "MARKED-stranger-5") for name, value in client.samples.stranger.items()
    }
    for headers in (
        {**_HEADERS, **client.credential},
        {**_HEADERS, **strange},
        {**strange, "Authorization": "Basic MARKED-basic-6"},
        {**strange, "Authorization": "MARKED-bare-7"},
    ):
        await client.send(endpoint.method, path, body, headers=headers)
        await client.send(endpoint.method, f"{path}/nowhere?token=MARKED-query-8", body, headers=headers)
        await client.send("DELETE", f"{path}?password=MARKED-query-9", body, headers=headers)


async def _plant_accounts(client: Client) -> list[httpx.Response]:
    """Accounts and scenarios with credentials, right and wrong; webhook URLs with secrets of their receivers."""
    world, provider = client.world, client.provider
    credential = {name: f"MARKED-credential-1{place}" for place, name in enumerate(provider.rules.credential)}
    made = {"id": "mine", "credentials": credential, "balance": "50"}
    assert (await world.control("POST", f"/accounts/{provider.name}", made)).status_code == 201
    for url in _WHERE:
        await world.steer("PATCH", f"/accounts/{provider.name}/{client.samples.account}", {"webhook_url": url})
        for endpoint in provider.endpoints:
            ask = await client.ask(endpoint)
            await client.send(endpoint.method, ask.path, ask.body)
        await world.steer("POST", "/clock/advance", {"by": "1d"})
    scenario = _scenario(provider, {name: f"MARKED-posted-2{place}" for place, name in enumerate(credential)})
    assert (await world.control("POST", "/scenarios", content=scenario.encode())).status_code == 201
    await world.steer("PUT", "/scenarios/active", ["planted"])
    wrong = [
        scenario.replace('"MARKED-posted-20"', "[MARKED-posted-20]"),
        re.sub(r"credentials: \{.*?\}", "credentials: MARKED-posted-30", scenario),
        re.sub(r"credentials: \{.*?\}", "credentials: [MARKED-posted-30]", scenario),
        scenario.replace('"MARKED-posted-20"', "*MARKED-posted-20"),
        scenario.replace('"MARKED-posted-20"', "&MARKED-posted-20 a"),
        scenario.replace('"MARKED-posted-20"', "!MARKED-posted-20 a"),
    ]
    headers = {"Authorization": "Bearer MARKED-control-4", "X-Mock-Token": "MARKED-control-5"}
    return [
        *[await world.control("POST", "/scenarios", content=text.encode()) for text in wrong],
        await world.control("POST", f"/accounts/{provider.name}", made),
        await world.control("POST", f"/accounts/{provider.name}", {**made, "id": "other"}),
        await world.control("POST", f"/accounts/{provider.name}", {**made, "credentials": "MARKED-control-6"}),
        await world.control(
            "POST", f"/accounts/{provider.name}", {**made, "id": "x", "credentials": {"a": "MARKED-c-1"}}
        ),
        await world.control("PATCH", "/settings", content=b'{"token": "MARKED-control-7'),
        await world.control("PUT", "/clock?token=MARKED-control-8", {"token": "MARKED-control-9"}, headers=headers),
        await world.control("PUT", "/state", {"format": "x", "token": "MARKED-control-9"}, headers=headers),
        await world.call("GET", "/nowhere?token=MARKED-control-10", headers=headers),
    ]


def _scenario(provider: Provider, credential: Mapping[str, str]) -> str:
    parts = ", ".join(f'{name}: "{value}"' for name, value in credential.items())
    comment = " and ".join(credential.values())
    return (
        f"scenario: planted\nprovider: {provider.name}\nabout: An account.\n# {comment}\naccounts:\n"
        f'  - {{id: planted, credentials: {{{parts}}}, balance: "1.00"}}  # {comment}\n'
        "rules: [{when: {request.password: {eq: x}}, then: {refuse: ProviderError}}]\n"
    )


async def told(client: Client) -> dict[str, str]:
    """What every GET of the control API answers, by path."""
    world, name = client.world, client.provider.name
    orders = (await world.steer("GET", "/orders"))["orders"]
    deliveries = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    requests = (await world.steer("POST", "/requests/find", {}))["requests"]
    fields = {
        "/sandboxes/{name}": ["default"],
        "/accounts/{provider}/{id}": [f"{name}/mine", f"{name}/planted"],
        "/ledger/{provider}/{id}": [f"{name}/mine"],
        "/orders/{provider}/{id}": [f"{name}/{one['id']}" for one in orders[:3]],
        "/scenarios/{name}": ["quick", "planted"],
        "/machines/{provider}/{kind}": [f"{name}/{kind}" for kind in client.provider.rules.kinds],
        "/requests/{id}": [one["id"] for one in requests[::50]],
        "/requests": ["?limit=1000", *(f"?limit=1000&after={one['id']}" for one in requests[::-1000])],
        "/webhooks/deliveries/{id}": [one["id"] for one in deliveries[:3]],
        "/inbox/{name}": ["in"],
        "/openapi/{provider}.json": [f"{name}.json"],
        "/events/{provider}": [name],
        "/settings": ["", "?help=1"],
    }
    found = {}
    for operation in (one for one in OPERATIONS if not one.endless):
        stem = operation.path.partition("{")[0]
        for rest in fields.get(operation.path, [""]) if operation.method == "GET" else ():
            answer = await world.control("GET", f"{stem}{rest}")
            if answer.status_code == 200:
                found[f"{stem}{rest}"] = answer.text
            else:
                assert "{" in operation.path, (operation.path, answer.text)
    return found | {"/events": await all_told(world.app)}


async def test_what_a_client_keeps_secret_is_taken_in_and_shows_nowhere(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mockserver")
    problems = await plant(client)
    await _were_taken_in(client)
    assert {answer.status_code for answer in problems} <= {400, 401, 404, 409, 422}
    outputs = await told(client)
    assert {"/state", "/requests?limit=1000", "", "/scenarios/planted"} <= set(outputs)
    outputs |= {f"problem {answer.request.url}": answer.text for answer in problems}
    outputs["log"] = "\n".join(caplog.messages + [str(record.exc_info) for record in caplog.records])
    # Where webhooks go is shown on purpose by accounts, and a snapshot could not go on without it.
    outputs["/accounts"] = outputs["/accounts"].replace(IN_URL, "")
    outputs["/state"] = re.sub(r'"(webhook_)?url": ".*"', "", outputs["/state"])
    for name, text in outputs.items():
        assert _MARK.findall(text) == [], (name, text[max(0, text.find("MARKED") - 300) :][:500])


async def _were_taken_in(client: Client) -> None:
    """The journal has an entry for each secret; only the secrets are missing."""
    entries = (await client.world.steer("POST", "/requests/find", {}))["requests"]
    text = json.dumps(entries)
    assert len(entries) > 40 * len(client.provider.endpoints)
    assert text.count("[redacted]") > len(entries)
    assert (await client.world.steer("GET", f"/accounts/{client.provider.name}/planted"))["id"] == "planted"


async def test_no_row_of_a_snapshot_has_a_member_that_is_called_a_secret(client: Client) -> None:
    """Of what the mock gives out itself it keeps digests, or makes it anew from the dice when it needs it."""
    for endpoint in client.provider.endpoints:
        ask = await client.ask(endpoint)
        await client.send(endpoint.method, ask.path, ask.body)
    for annex in client.provider.annexes:
        assert annex.endpoints
    state = json.loads((await client.world.control("GET", "/state")).content)
    found = list(_members(state["tables"]))
    assert [path for path in found if path[-1].lower() in SECRET_FIELDS] == []


def _members(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield (*path, name)
            yield from _members(value, (*path, name))
    elif isinstance(data, list):
        for value in data:
            yield from _members(value, path)

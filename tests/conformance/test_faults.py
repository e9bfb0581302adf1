"""Faults mean the same for every provider, and each provider answers them in its own envelope."""

import httpx
import pytest

from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.statuses import phrase_of
from tests.conformance.client import Client
from tests.conformance.judge import exact, is_json, judge_refusal, validator

pytestmark = pytest.mark.anyio


async def reading(client: Client) -> tuple[str, str]:
    """Method and path of a guarded request that is accepted whenever it is asked."""
    endpoint = next(one for one in client.provider.endpoints if one.method == "GET" and not one.public and one.head)
    return "GET", (await client.ask(endpoint)).path


async def test_every_mistake_is_answered_in_the_providers_envelope(client: Client) -> None:
    asked = await reading(client)
    for name in MISTAKE_NAMES:
        await client.world.steer("POST", "/faults", {"times": 1, "answer": {"mistake": name}})
        answer = await client.send(*asked)
        assert answer.status_code >= 400, name
        judge_refusal(client.provider, answer)
        entry = await client.journaled(answer)
        assert (entry["mistake"], entry["fault"]) == (name, answer.headers["x-mock-fault"])
    assert (await client.send(*asked)).status_code < 400


async def test_a_raw_answer_is_nobodys_envelope(client: Client) -> None:
    asked = await reading(client)
    path = asked[1].partition("?")[0]
    fault = {"provider": client.provider.name, "path": path, "account": client.samples.account, "method": "GET"}
    page = {"status": 503, "body": "<h1>down</h1>", "headers": {"Content-Type": "text/html"}}
    await client.world.steer("POST", "/faults", {**fault, "answer": page})
    answer = await client.send(*asked)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (503, "<h1>down</h1>", "text/html")
    assert (await client.send(*asked, headers=client.samples.stranger)).status_code not in (200, 503)


async def test_faults_on_the_wire_and_preferences_hold_for_every_provider(client: Client) -> None:
    asked = await reading(client)
    for name in ("reset", "empty", "garbage", "cut"):
        with pytest.raises(httpx.TransportError):
            await client.send(*asked, headers={**client.credential, "Prefer": f"mock-fault={name}"})
    refused = await client.send(*asked, headers={**client.credential, "Prefer": "mock-fault=nope"})
    assert 400 <= refused.status_code < 500
    judge_refusal(client.provider, refused)
    if is_json(refused):
        assert "nope" in refused.text


async def test_a_fault_finds_the_state_of_the_order_that_a_path_names(
    client: Client, provider: Provider, addressed: Endpoint
) -> None:
    ask = await client.ask(addressed)
    orders = (await client.world.steer("GET", "/orders"))["orders"]
    named = [one for one in orders if one["id"] in ask.path.partition("?")[0].split("/")]
    if not named:
        pytest.skip("its path names no order")
    await client.world.steer("POST", "/faults", {"state": {"ne": named[0]["state"]}, "answer": {"status": 418}})
    await client.world.steer("POST", "/faults", {"state": named[0]["state"], "answer": {"status": 419}})
    answer = await client.send(addressed.method, ask.path, ask.body)
    assert answer.status_code == 419
    assert (await client.journaled(answer))["order"] == named[0]["id"]


async def test_every_status_without_a_body_is_worded_by_the_provider(client: Client) -> None:
    asked = await reading(client)
    for status in range(400, 600):
        await client.world.steer("POST", "/faults", {"name": "down", "times": 1, "answer": {"status": status}})
        answer = await client.send(*asked)
        assert answer.status_code == status
        assert answer.headers["x-mock-fault"] == "down"
        if not is_json(answer):
            judge_refusal(client.provider, answer)
            continue
        body = exact(answer.content)
        wrong = list(validator(client.provider.failure_schema).iter_errors(body))
        # That the status, and what it is called, is none of the documented ones is what was asked for.
        assert [one for one in wrong if one.instance not in (status, phrase_of(status))] == [], (status, body)
    assert (await client.send(*asked)).status_code < 400


@pytest.mark.parametrize("stage", ["before", "after"])
async def test_a_status_without_a_body_keeps_the_faults_own_headers(client: Client, stage: str) -> None:
    asked = await reading(client)
    headers = {"Retry-After": "7", "X-Upstream": "down"}
    await client.world.steer(
        "POST", "/faults", {"stage": stage, "times": 2, "answer": {"status": 429, "headers": headers}}
    )
    for _ in range(2):
        answer = await client.send(*asked)
        assert (answer.status_code, answer.headers.get_list("retry-after")) == (429, ["7"])
        assert answer.headers["x-upstream"] == "down"
        judge_refusal(client.provider, answer)


async def test_a_caller_may_ask_for_a_status_in_the_providers_words(client: Client) -> None:
    answer = await client.send(*await reading(client), headers={**client.credential, "Prefer": "mock-fault=500"})
    assert answer.status_code == 500
    judge_refusal(client.provider, answer)


@pytest.mark.parametrize(
    "answer", [{"mistake": name} for name in MISTAKE_NAMES] + [{"status": 504}, {"status": 418}], ids=str
)
async def test_a_refusal_after_the_work_is_the_refusal_before_it(client: Client, answer: dict[str, object]) -> None:
    asked = await reading(client)
    told = []
    for stage in ("before", "after"):
        await client.world.steer("POST", "/faults", {"name": "down", "times": 1, "stage": stage, "answer": answer})
        got = await client.send(*asked)
        headers = {name: value for name, value in got.headers.items() if name not in ("x-mock-request-id", "date")}
        headers = {name: value for name, value in headers.items() if not name.startswith("x-ratelimit-re")}
        told.append((got.status_code, client.lasting(got), headers))
    assert told[0] == told[1]

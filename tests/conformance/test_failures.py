"""Internal failures are answered in the envelope and logged; only the log has their details."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from mockserver.domain.errors import MISTAKE_NAMES, InternalError, mistake_named
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.http.replies import Reply
from tests.conformance.client import Client, client_of
from tests.conformance.judge import judge

pytestmark = pytest.mark.anyio

_DETAIL = "a detail that is nobody's business"


def _deep(call: Call) -> Any:
    return _deep(call)


async def _raise(call: Call) -> Reply:
    raise RuntimeError(_DETAIL)


async def _recurse(call: Call) -> Reply:
    return Reply(_deep(call))


async def _look_up(call: Call) -> Reply:
    return Reply(vars(call)[_DETAIL])


async def _answer_nonsense(call: Call) -> Reply:
    return Reply(object())


async def _identify(*_: object) -> Any:
    raise ZeroDivisionError(_DETAIL)


async def test_an_unexpected_failure_is_an_internal_error(
    client: Client, provider: Provider, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    ask = await client.ask(endpoint)
    for handler in (_raise, _recurse, _look_up, _answer_nonsense):
        caplog.clear()
        broken = tuple(one._replace(handler=handler) if one is endpoint else one for one in provider.endpoints)
        async with client_of(replace(provider, endpoints=broken)) as other:
            answer = await other.send(endpoint.method, ask.path, ask.body)
            await _judge_failure(other, endpoint, answer, caplog)


async def test_an_unexpected_failure_to_identify_is_an_internal_error(
    provider: Provider, guarded: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(replace(provider, identify=_identify)) as client:
        path = guarded.path.replace("{", "").replace("}", "")
        answer = await client.send(guarded.method, path)
        await _judge_failure(client, guarded, answer, caplog)


async def _judge_failure(client: Client, endpoint: Endpoint, answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    judge(client.provider, endpoint, answer)
    assert answer.status_code == word(client.provider, InternalError()).status
    assert "Traceback" not in answer.text
    assert _DETAIL not in answer.text
    [record] = [one for one in caplog.records if one.name == "mockserver" and one.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert endpoint.method in record.getMessage()
    entry = await client.journaled(answer)
    assert (entry["status"], entry["mistake"]) == (answer.status_code, "InternalError")
    assert _DETAIL not in str(entry)


async def test_the_next_request_after_a_failure_is_answered(provider: Provider) -> None:
    broken, *others = provider.endpoints
    endpoints = (broken._replace(handler=_raise), *others)
    async with client_of(replace(provider, endpoints=endpoints)) as client:
        ask = await client.ask(broken)
        for _ in range(3):
            assert (await client.send(broken.method, ask.path, ask.body)).status_code >= 500
        await client.good(others[-1])


@pytest.mark.parametrize("name", MISTAKE_NAMES)
async def test_each_mistake_that_a_scenario_may_name_has_a_wording(
    client: Client, provider: Provider, name: str
) -> None:
    head = f"scenario: refusing\nprovider: {provider.name}\nabout: All is refused.\n"
    scenario = f"{head}rules: [{{then: {{refuse: {name}}}}}]\n"
    endpoint = next(one for one in provider.endpoints if not one.public)
    ask = await client.ask(endpoint)
    added = await client.world.control("POST", "/scenarios", content=scenario.encode())
    assert added.status_code == 201, added.text
    await client.world.steer("PUT", "/scenarios/active", ["refusing"])
    before = await client.state()
    answer = await client.send(endpoint.method, ask.path, ask.body)
    judge(provider, None, answer)
    assert answer.status_code == word(provider, mistake_named(name)).status
    assert (await client.journaled(answer))["mistake"] == name
    assert await client.state() == before

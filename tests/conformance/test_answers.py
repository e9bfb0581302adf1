"""Laws for the answers to every accepted request."""

from copy import deepcopy
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from jsonschema import ValidationError

from mockserver.domain.errors import MethodNotAllowed
from mockserver.domain.moments import parse_moment
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.journal.journal import MOST_BODY
from tests.conformance.client import Client, samples_of
from tests.conformance.judge import exact, judge, validator
from tests.support import START

pytestmark = pytest.mark.anyio


def test_each_endpoint_has_a_sample(provider: Provider) -> None:
    assert set(samples_of(provider).asks) == {endpoint.name for endpoint in provider.endpoints}


@pytest.mark.core
async def test_an_accepted_request_is_answered_as_declared(client: Client, endpoint: Endpoint) -> None:
    answer = await client.good(endpoint)
    assert answer.status_code == endpoint.status
    assert ("x-mock-assumed" in answer.headers) is (endpoint.provenance == "assumed")


async def test_no_part_of_an_answer_may_have_more_members(client: Client, endpoint: Endpoint) -> None:
    data = exact((await client.good(endpoint)).content)
    places = list(_objects(data))
    assert places
    for path in places:
        more = deepcopy(data)
        _at(more, path)["unexpected_member"] = {"deep": True}
        with pytest.raises(ValidationError):
            validator(endpoint.gives).validate(more)


async def test_an_answer_names_its_journal_entry(client: Client, endpoint: Endpoint) -> None:
    answer = await client.good(endpoint)
    entry = await client.journaled(answer)
    assert entry["provider"] == client.provider.name
    assert entry["operation"] == endpoint.name
    assert (entry["method"], entry["status"]) == (endpoint.method, answer.status_code)
    assert entry["account"] in ((None, client.samples.account) if endpoint.public else (client.samples.account,))
    assert entry["mistake"] is None
    if not endpoint.confidential and len(answer.content) <= MOST_BODY:
        assert exact(entry["response"]["body"]) == exact(answer.content)
    assert ["x-mock-request-id", entry["id"]] in entry["response"]["headers"]


async def test_the_date_is_the_sandboxs(client: Client, endpoint: Endpoint) -> None:
    await client.world.advance("400d")
    answer = await client.good(endpoint)
    now = parse_moment((await client.world.steer("GET", "/clock"))["now"])
    assert parsedate_to_datetime(answer.headers["date"]) == now
    assert now >= START + timedelta(days=400)


async def test_head_answers_as_get_does_without_the_body(client: Client, reading: Endpoint) -> None:
    ask = await client.ask(reading)
    got, head = await client.send("GET", ask.path), await client.send("HEAD", ask.path)
    judge(client.provider, reading, head)
    assert head.status_code == got.status_code == reading.status
    differing = {name for name, value in got.headers.items() if head.headers.get(name) != value}
    assert differing == {"x-mock-request-id"}
    assert set(head.headers) == set(got.headers)
    assert (await client.journaled(head))["method"] == "HEAD"


async def test_head_asks_nothing_of_what_changes_something(client: Client, acting: Endpoint) -> None:
    read_too = any(one.method == "GET" and one.head and one.path == acting.path for one in client.provider.endpoints)
    ask = await client.ask(acting)
    before = await client.state()
    answer = await client.send("HEAD", ask.path)
    assert answer.content == b""
    refused = word(client.provider, MethodNotAllowed("HEAD", ["POST"])).status
    assert (answer.status_code == refused) is not read_too
    assert await client.state() == before


async def test_reading_changes_nothing(client: Client, reading: Endpoint) -> None:
    ask = await client.ask(reading)
    before = await client.state()
    first = await client.send("GET", ask.path)
    assert client.lasting(await client.send("GET", ask.path)) == client.lasting(first)
    assert await client.state() == before


async def test_the_account_of_another_sandbox_is_untouched(client: Client, endpoint: Endpoint) -> None:
    other = Client(client.world.beside("other"), client.provider)
    before = await other.state()
    await client.good(endpoint)
    assert await other.state() == before


def _objects(data: Any, path: tuple[Any, ...] = ()) -> Any:
    """The paths of all objects in JSON data.

    Of a list, and of an object whose names are numbers, the first and the last stand for all.
    """
    if isinstance(data, dict):
        yield path
        numbers = [name for name in data if name.isdecimal()]
        for name in [*numbers[:1], *numbers[1:][-1:], *(name for name in data if not name.isdecimal())]:
            yield from _objects(data[name], (*path, name))
    elif isinstance(data, list):
        for index in sorted({0, len(data) - 1} if data else ()):
            yield from _objects(data[index], (*path, index))


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data

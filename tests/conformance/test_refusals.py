"""Laws for the answers to every refused request, which changes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import ValidationError

from mockserver.domain.errors import (
    ApiError,
    Invalid,
    Malformed,
    MissingCredential,
    PayloadTooLarge,
    UnknownCredential,
)
from mockserver.http.body import MOST
from mockserver.http.provider import Endpoint, word
from mockserver.http.samples import samples_of
from tests.conformance.client import Ask, Client, Form
from tests.conformance.judge import exact, is_json, judge, schema_store, validator

pytestmark = pytest.mark.anyio

_MALFORMED = (
    b"{",
    b'{"a":}',
    b"{'a': 1}",
    b'{"a": 1} {"b": 2}',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    '{"a": "b"}'.encode("utf-16"),
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": "\\ud800"}',
    b'{"a": "\x00"}',
    b'{"a": ' + b"[" * 50_000,
    b"a=1&b=2",
    b"\x1f\x8b\x08\x00",
)
#: One value of each type of JSON, and texts and numbers at the edges.
_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 1e308, 10**30, "", "text", "\0", "x" * 5000, [], [1], {}, {"a": 1})
_ODD_IDS = (
    *("%00", "%ff", "%C3%28", "%ED%A0%80", "a%00b", "%0d%0aX: y", "%20", "%2e%2e", "-1", "0"),
    *("9" * 1000, "x" * 1000),
)
_TEXTS = ("", "abc", "-1", "0", "1.5", "1e3", "%00", "%ff%fe", "%C3%A9", "9" * 40, "x" * 5000)


async def refused(client: Client, endpoint: Endpoint, before: Any, answer: httpx.Response) -> dict[str, Any]:
    """Judges a refusal, and that it is in the journal and left no trace elsewhere; its journal entry."""
    assert 400 <= answer.status_code < 500, f"{answer.request.url} {answer.text}"
    judge(client.provider, endpoint, answer)
    entry = await client.journaled(answer)
    assert entry["status"] == answer.status_code
    assert entry["mistake"] is not None
    assert entry["operation"] == endpoint.name
    assert await client.state() == before
    return entry


def status_of(client: Client, kind: type[ApiError]) -> int:
    """The status that the provider gives to this kind of mistake."""
    return word(client.provider, samples_of(kind)[0]).status


async def test_no_credential_is_refused(client: Client, guarded: Endpoint) -> None:
    ask = await client.ask(guarded)
    before = await client.state()
    answer = await client.send(guarded.method, ask.path, ask.body, headers={})
    entry = await refused(client, guarded, before, answer)
    assert answer.status_code == status_of(client, MissingCredential)
    assert entry["account"] is None


async def test_a_credential_of_nobody_is_refused(client: Client, guarded: Endpoint) -> None:
    ask = await client.ask(guarded)
    before = await client.state()
    answer = await client.send(guarded.method, ask.path, ask.body, headers=client.samples.stranger)
    entry = await refused(client, guarded, before, answer)
    assert answer.status_code == status_of(client, UnknownCredential)
    assert entry["account"] is None


async def test_no_refusal_may_have_more_members(client: Client, guarded: Endpoint) -> None:
    ask = await client.ask(guarded)
    answer = await client.send(guarded.method, ask.path, ask.body, headers=client.samples.stranger)
    if not is_json(answer):
        judge(client.provider, guarded, answer)
        return
    schema = validator(client.provider.failure_schema)
    for name in ("unexpected_member", "data", "errors", "trace"):
        with pytest.raises(ValidationError):
            schema.validate({**exact(answer.content), name: "more"})


async def test_a_bent_credential_is_refused(client: Client, guarded: Endpoint) -> None:
    ask = await client.ask(guarded)
    before = await client.state()
    good = [(name.encode(), value.encode()) for name, value in client.credential.items()]
    strange = [(name.encode(), value.encode()) for name, value in client.samples.stranger.items()]
    bent = {
        "odd bytes": [(name, value + b"\xff\xfe\xe9") for name, value in good],
        "nothing": [(name, b"") for name, _ in good],
        "very long": [(name, value + b"x" * 20_000) for name, value in good],
        "twice": [*good, *good],
        "two different": [*strange, *good],
    }
    for how, headers in bent.items():
        answer = await client.send(guarded.method, ask.path, ask.body, headers=headers)
        entry = await refused(client, guarded, before, answer)
        assert entry["account"] is None, how


async def test_other_headers_may_come_twice(client: Client, endpoint: Endpoint) -> None:
    ask = await client.ask(endpoint)
    twice = [("X-Trace", "a"), ("X-Trace", "b"), ("Accept", "*/*"), ("Accept", "*/*")]
    headers = [*client.credential.items(), *twice]
    answer = await client.send(endpoint.method, ask.path, ask.body, headers=headers)
    judge(client.provider, endpoint, answer)
    assert answer.is_success, answer.text
    assert ["x-trace", "a"] in (await client.journaled(answer))["request"]["headers"]


async def test_a_malformed_body_is_refused(client: Client, taking: Endpoint) -> None:
    path = (await client.ask(taking)).path
    before = await client.state()
    for body in _MALFORMED:
        answer = await client.send(taking.method, path, content=body)
        await refused(client, taking, before, answer)
        assert answer.status_code == status_of(client, Malformed), body[:20]


async def test_a_body_that_is_no_object_is_refused(client: Client, taking: Endpoint) -> None:
    path = (await client.ask(taking)).path
    before = await client.state()
    for body in (b"null", b"true", b"7", b'"text"', b"[1]", b"[{}]"):
        answer = await client.send(taking.method, path, content=body)
        await refused(client, taking, before, answer)
        assert answer.status_code == status_of(client, Invalid), body


async def test_an_empty_body_has_no_fields(client: Client, taking: Endpoint) -> None:
    path = (await client.ask(taking)).path
    required = schema_store().load(taking.takes or "").get("required", ())
    before = await client.state()
    for body in (b"{}", b"[]", b"", b"  \r\n"):
        answer = await client.send(taking.method, path, content=body)
        if required:
            await refused(client, taking, before, answer)
            assert answer.status_code == status_of(client, Invalid), body
        else:
            judge(client.provider, taking, answer)


async def test_fields_of_wrong_types_are_refused(client: Client, taking: Endpoint) -> None:
    ask = await client.ask(taking)
    before = await client.state()
    for body in _broken(taking, ask):
        answer = await client.send(taking.method, ask.path, content=json.dumps(body))
        await refused(client, taking, before, answer)
        assert answer.status_code == status_of(client, Invalid), body


async def test_query_fields_of_wrong_types_are_refused(client: Client, querying: Endpoint) -> None:
    path, _, sample = (await client.ask(querying)).path.partition("?")
    reader = schema_store().query_reader(querying.query or "")
    before: Any = None
    for name in schema_store().load(querying.query or "")["properties"]:
        others = [part for part in sample.split("&") if part and part.partition("=")[0] != name]
        for text in _TEXTS:
            query = "&".join([*others, f"{name}={text}"])
            wrong = reader.read(httpx.QueryParams(query).multi_items())[1]
            if wrong and before is None:
                before = await client.state()
            answer = await client.send(querying.method, f"{path}?{query}")
            judge(client.provider, querying, answer)
            if wrong:
                await refused(client, querying, before, answer)
            else:
                before = None


async def test_an_odd_query_does_no_harm(client: Client, endpoint: Endpoint) -> None:
    for query in ("?", "?&&=&a", "?%00=%ff", "?a[]=1&a[]=2&a[b]=3", "?" + "a=1&" * 2000, "?x=" + "y" * 20_000):
        ask = await client.ask(endpoint)
        answer = await client.send(endpoint.method, ask.path.partition("?")[0] + query, ask.body)
        judge(client.provider, endpoint, answer)
        assert answer.status_code < 500


async def test_a_body_over_a_mebibyte_is_refused(client: Client, endpoint: Endpoint) -> None:
    ask = await client.ask(endpoint)
    before = await client.state()
    answer = await client.send(endpoint.method, ask.path, content=b" " * (MOST + 1))
    await refused(client, endpoint, before, answer)
    assert answer.status_code == status_of(client, PayloadTooLarge)


async def test_a_body_of_a_mebibyte_is_read(client: Client, endpoint: Endpoint) -> None:
    ask = await client.ask(endpoint)
    if isinstance(ask.body, Form):
        body = ask.body.padded(MOST)
    else:
        body = (b"{}" if ask.body is None else json.dumps(ask.body).encode()).ljust(MOST)
    answer = await client.send(endpoint.method, ask.path, content=body)
    judge(client.provider, endpoint, answer)
    assert answer.is_success, answer.text


async def test_odd_values_in_the_path_are_refused(client: Client, addressed: Endpoint) -> None:
    ask = await client.ask(addressed)
    before = await client.state()
    head, _, rest = addressed.path.partition("{")
    tail = rest.partition("}")[2]
    for text in _ODD_IDS:
        answer = await client.send(addressed.method, f"{head}{text}{tail}", ask.body)
        if addressed.name in client.samples.any_path and answer.is_success:
            judge(client.provider, addressed, answer)
        else:
            await refused(client, addressed, before, answer)


def _broken(endpoint: Endpoint, ask: Ask) -> Iterator[Any]:
    """The good body with one field left out, or with a value that the schema refuses."""
    name = endpoint.takes or ""
    schema, checker = schema_store().load(name), schema_store().checker(name)
    for field in schema.get("required", ()):
        yield {one: value for one, value in ask.body.items() if one != field}
    for field in schema["properties"]:
        bodies = [{**ask.body, field: value} for value in _VALUES]
        broken = [body for body in bodies if checker.explain(body)]
        assert broken, f"no value of {field} is ever refused"
        yield from broken

"""Compressed request bodies and bodies that are no text, at every endpoint that takes JSON."""

import gzip
import json
import zlib
from functools import partial

import httpx
import pytest

from mockserver.http.provider import Endpoint
from tests.conformance.client import Client
from tests.conformance.judge import judge
from tests.http.test_jsontext import PARSERS_WORDS

#: The same bytes at any time of day, so that all processes collect the same tests.
_zipped = partial(gzip.compress, mtime=0)

pytestmark = pytest.mark.anyio


async def sent(client: Client, endpoint: Endpoint, encoding: str, body: bytes) -> httpx.Response:
    """The answer to this body at a path that the endpoint accepts, judged."""
    ask = await client.ask(endpoint)
    return await _send(client, endpoint, ask.path, encoding, body)


async def _send(client: Client, endpoint: Endpoint, path: str, encoding: str, body: bytes) -> httpx.Response:
    headers = {**client.credential, "Content-Type": "application/json", "Content-Encoding": encoding}
    answer = await client.send(endpoint.method, path, headers=headers, content=body)
    judge(client.provider, endpoint, answer)
    return answer


@pytest.mark.core
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_body_is_taken_like_any_other(client: Client, taking: Endpoint, encoding: str) -> None:
    ask = await client.ask(taking)
    body = json.dumps(ask.body).encode()
    packed = _zipped(body) if encoding == "gzip" else zlib.compress(body)
    answer = await _send(client, taking, ask.path, encoding, packed)
    assert answer.status_code == taking.status, answer.text
    assert (await client.journaled(answer))["request"]["json"] is not None


async def test_another_encoding_is_415_and_named(client: Client, taking: Endpoint) -> None:
    before = await client.state()
    answer = await sent(client, taking, "br", b"\x0b\x02\x80{}\x03")
    assert answer.status_code == 415
    assert "br" in answer.text
    assert "gzip" in answer.text
    assert (await client.journaled(answer))["request"]["body"] == ""
    assert len(await client.state()) == len(before)


async def test_a_body_that_becomes_too_large_is_413(client: Client, taking: Endpoint) -> None:
    assert (await sent(client, taking, "gzip", _zipped(b" " * (64 << 20)))).status_code == 413


async def test_a_body_that_is_not_encoded_as_it_says_is_refused(client: Client, taking: Endpoint) -> None:
    answer = await sent(client, taking, "gzip", b'{"a": 1}')
    assert answer.status_code in (400, 422)
    assert "not gzip" in answer.text


@pytest.mark.parametrize("body", [_zipped(b'{"country":6,"service":"wa"}'), '{"name": "Müller"}'.encode("latin-1")])
async def test_bytes_that_are_no_text_are_told_without_words_of_a_parser(
    client: Client, taking: Endpoint, body: bytes
) -> None:
    answer = await sent(client, taking, "identity", body)
    assert answer.status_code in (400, 422)
    assert "is not UTF-8" in answer.text
    assert not PARSERS_WORDS.search(answer.text)

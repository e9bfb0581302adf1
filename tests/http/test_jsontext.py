"""Errors of JSON bodies are explained without the terms of a parser."""

import re

import pytest

from mockserver.http.body import MOST
from mockserver.http.jsontext import NotJson, read_json
from tests.costs import MOST_STICKS, sticks

#: What parsers say, in whatever version.
PARSERS_WORDS = re.compile(
    r"surrogates not allowed|char \d|, expected|Expecting|zero-length|document|utf-8 codec|orjson"
)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xff\xfe", "it is not UTF-8 (byte 0)"),
        (b'{"a": "M\xfcller"}', "it is not UTF-8 (byte 8)"),
        (b'{"a": "\xed\xa0\x80"}', "it is not UTF-8 (byte 7)"),
        (b"\x1f\x8b\x08\x00\xff", "it is not UTF-8 (byte 1; it looks like gzip, but no Content-Encoding says so)"),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark"),
        ('{"a": "b"}'.encode("utf-16-le"), "something unexpected at line 1, column 2"),
        (b"", "it ends too early"),
        (b"{", "it ends too early"),
        (b'{"a": "b', "it ends too early"),
        (b"a=1&b=2", "something unexpected at line 1, column 1"),
        (b'{"a": 1}\n{"b": 2}', "something unexpected at line 2, column 1"),
        (b'{"a": NaN}', "something unexpected at line 1, column 7"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair at line 1, column 8"),
        (b'{"a": 1e999}', "a number that is too large at line 1, column 7"),
        (b"[" * 2_000 + b"]" * 2_000, "it nests too deeply"),
    ],
)
def test_what_is_wrong_is_told_in_plain_words(body: bytes, text: str) -> None:
    with pytest.raises(NotJson) as caught:
        read_json(body)
    assert str(caught.value) == f"is not JSON: {text}"
    assert not PARSERS_WORDS.search(str(caught.value))


def test_what_is_json_is_read() -> None:
    assert read_json(b' {"a": [1, "\xc3\xbc"]}\n') == {"a": [1, "ü"]}


@pytest.mark.parametrize(
    "body", [b"[" * MOST, b"\n" * (MOST - 1) + b"{", b"\xc3\xbc" * (MOST // 2), b"a" * MOST + b"\xff"]
)
@pytest.mark.timed
def test_no_body_takes_long(body: bytes) -> None:
    def read() -> None:
        with pytest.raises(NotJson):
            read_json(body)

    assert sticks(read) < MOST_STICKS

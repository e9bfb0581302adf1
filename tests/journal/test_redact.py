"""What the journal keeps holds no secrets, and is otherwise what was sent."""

import json
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.journal.journal import MOST_BODY
from mockserver.journal.redact import (
    HIDDEN,
    SECRET_FIELDS,
    SECRET_HEADERS,
    body_redactor,
    redact_body,
    redact_headers,
    redact_query,
    redact_url,
)

PATTERN = body_redactor(SECRET_FIELDS)
MARK = "s3cr3t-mark"


def test_values_of_secret_headers_are_hidden_and_others_stay() -> None:
    secret = frozenset(name.encode() for name in SECRET_HEADERS)
    headers = [(b"authorization", b"Bearer x"), (b"cookie", b"a=b"), (b"accept", b"*/*"), (b"x-odd", b"\xff")]
    assert redact_headers(headers, secret) == (
        (b"authorization", HIDDEN.encode()),
        (b"cookie", HIDDEN.encode()),
        (b"accept", b"*/*"),
        (b"x-odd", b"\xff"),
    )


@pytest.mark.parametrize(
    "name", ["authorization", "cookie", "set-cookie", "x-mock-token", "x-api-key", "api-key", "dsim_secret"]
)
def test_these_headers_are_secret_for_everybody(name: str) -> None:
    assert name in SECRET_HEADERS


@pytest.mark.parametrize(
    "query",
    ["", "page=2", "a=%20b&c", "q=a+b&q=c&empty=", "filter[token_count]=3"],
)
def test_a_query_without_secrets_is_as_it_was(query: str) -> None:
    assert redact_query(query, SECRET_FIELDS) == query


@pytest.mark.parametrize(
    "query",
    [
        f"token={MARK}",
        f"a=1&API_KEY={MARK}&b=2",
        f"password={MARK}&password={MARK}",
        f"%74oken={MARK}",
        f"t%6Fken={MARK}&a=1",
        f"client_secret=%73{MARK}",
    ],
)
def test_values_of_secret_names_in_a_query_are_hidden(query: str) -> None:
    redacted = redact_query(query, SECRET_FIELDS)
    assert MARK not in redacted
    assert redacted.count("[redacted]") == query.count(MARK)


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("https://example.com/hook", "https://example.com/hook"),
        ("https://example.com/hook?a=1&b=2#part", f"https://example.com/hook?a={HIDDEN}&b={HIDDEN}"),
        ("http://user:pass@example.com:8080/x", "http://example.com:8080/x"),
        ("http://example.com/?bare", f"http://example.com/?{HIDDEN}"),
        ("http://[broken", HIDDEN),
    ],
)
def test_a_url_loses_what_receivers_keep_secret(url: str, redacted: str) -> None:
    assert redact_url(url) == redacted


@pytest.mark.parametrize(
    ("body", "redacted"),
    [
        (b'{"password": "x", "a": 1}', b'{"password": "[redacted]", "a": 1}'),
        (b'{"PassWord":"x"}', b'{"PassWord":"[redacted]"}'),
        (b'{"token":123,"a":[1]}', b'{"token":"[redacted]","a":[1]}'),
        (b'{"deep": {"secret": "a\\"b\\\\"}}', b'{"deep": {"secret": "[redacted]"}}'),
        (b"a=1&password=x&b=2", b"a=1&password=[redacted]&b=2"),
        (b"password=x", b"password=[redacted]"),
        (b'{"passwords": "x", "my_token": "y"}', b'{"passwords": "x", "my_token": "y"}'),
        (b"", b""),
        (b"\xff\xfe", b"\xff\xfe"),
        (
            b'--x\r\nD: form-data; name="secret"; a=b\r\nT: c\r\n\r\nmine\r\nall\r\n--x\r\n\r\nmore',
            b'--x\r\nD: form-data; name="secret"; a=b\r\nT: c\r\n\r\n[redacted]\r\n--x\r\n\r\nmore',
        ),
        (b"name=secret\n\nmine", b"name=secret\n\n[redacted]"),
        (b'{"url": "http://me:pw@h:1/x?a=b&c", "d": 1}', b'{"url": "http://h:1/x?a=[redacted]&[redacted]", "d": 1}'),
        (rb'{"url":"http:\/\/me:pw@h\/x@y?a=b\/c"}', rb'{"url":"http:\/\/h\/x@y?a=[redacted]"}'),
        (
            rb'{"text": "{\"url\":\"http://h?a=b\",\"d\":1}"}',
            rb'{"text": "{\"url\":\"http://h?a=[redacted]\",\"d\":1}"}',
        ),
        (b'{"url": "http://h/x@y#?z", "text": "me@h?"}', b'{"url": "http://h/x@y#?z", "text": "me@h?"}'),
    ],
)
def test_values_of_secret_names_in_a_body_are_hidden(body: bytes, redacted: bytes) -> None:
    assert redact_body(body, PATTERN) == redacted


def test_a_body_that_was_cut_in_the_middle_of_a_secret_shows_none_of_it() -> None:
    assert MARK.encode() not in redact_body(f'{{"password": "{MARK} and m'.encode(), PATTERN)


@pytest.mark.parametrize(
    "piece",
    [b"name=secret\na", b'name="secret";\n', b"name=secret;", b'"secret":[', b"secret ", b"http://a@", b"http://x?"],
)
def test_a_hostile_body_takes_no_longer_than_any_other(piece: bytes) -> None:
    body = piece * (MOST_BODY // len(piece))
    began = perf_counter()
    redact_body(body, PATTERN)
    assert perf_counter() - began < 3, "grows with the square of the size"


def test_what_nests_too_deep_to_be_written_again_is_hidden_whole() -> None:
    body = b'{"\\u0073ecret": "x", "a": ' + b"[" * 300 + b"]" * 300 + b"}"
    assert redact_body(body, PATTERN) == b'"[redacted]"'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def marked(data: Any) -> Any:
    """The data with the mark in every text and number, names included."""
    match data:
        case dict():
            return {f"{MARK}{name}": marked(value) for name, value in data.items()}
        case list():
            return [marked(value) for value in data]
        case _:
            return f"{MARK}{data}"


@given(JSON, st.sampled_from(sorted(SECRET_FIELDS)), JSON, st.booleans())
def test_whatever_a_secret_is_made_of_none_of_it_stays_and_json_stays_json(
    around: Any, name: str, secret: Any, spaced: bool
) -> None:
    data = {"before": around, name: marked(secret), "after": around}
    body = json.dumps(data, separators=None if spaced else (",", ":")).encode()
    redacted = redact_body(body, PATTERN)
    assert MARK.encode() not in redacted
    assert json.loads(redacted) == {"before": around, name: HIDDEN, "after": around}


@given(st.binary(max_size=60))
def test_a_body_without_secret_names_is_as_it_was(body: bytes) -> None:
    if not any(name.encode() in body.lower() for name in SECRET_FIELDS):
        assert redact_body(body, PATTERN) == body

"""The journal's entries hold no secrets, and are otherwise what was sent."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.journal.bodies import body_redactor, redact_body
from mockserver.journal.journal import MOST_BODY
from mockserver.journal.names import HINTS, SECRET_NAMES, SecretNames
from mockserver.journal.redact import HIDDEN, redact_headers, redact_query, redact_url
from tests.costs import MOST_GROWTH, growth
from tests.journal.names import SECRET_FIELDS, SECRET_HEADERS, VISIBLE

PATTERN = body_redactor(SECRET_NAMES)
MARK = "s3cr3t-mark"


def test_values_of_secret_headers_are_hidden_and_others_stay() -> None:
    headers = [(b"authorization", b"Bearer x"), (b"cookie", b"a=b"), (b"accept", b"*/*"), (b"x-odd", b"\xff")]
    assert redact_headers(headers, SECRET_NAMES) == (
        (b"authorization", HIDDEN.encode()),
        (b"cookie", HIDDEN.encode()),
        (b"accept", b"*/*"),
        (b"x-odd", b"\xff"),
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"http://u/?a=1&token={MARK}#x", "http://u/?a=1&token=[redacted]#x"),
        (f"/back?%74oken={MARK}=&b=2", "/back?%74oken=[redacted]&b=2"),
        (f"for=1; session={MARK}; host=a", "for=1; session=[redacted]; host=a"),
        (f"Bearer {MARK}", "Bearer [redacted]"),
        (f"was BEARER  {MARK}==, next", "was BEARER  [redacted], next"),
        ("text/html;q=0.9, */*;q=0.8", "text/html;q=0.9, */*;q=0.8"),
        ("multipart/form-data; boundary=token", "multipart/form-data; boundary=token"),
        ('Bearer realm="x", error="invalid_token"', 'Bearer realm="x", error="invalid_token"'),
    ],
)
def test_a_header_value_may_hold_secrets_of_its_own(value: str, shown: str) -> None:
    assert redact_headers([(b"x-original-url", value.encode())], SECRET_NAMES) == ((b"x-original-url", shown.encode()),)


def test_headers_with_very_many_pairs_are_hidden() -> None:
    headers = [(b"x-long", b"a=1&" * 1_001), (b"x-other", b"a=1"), (b"accept", b"*/*")]
    hidden = HIDDEN.encode()
    assert redact_headers(headers, SECRET_NAMES) == ((b"x-long", hidden), (b"x-other", hidden), (b"accept", b"*/*"))


@pytest.mark.parametrize(
    ("body", "redacted"),
    [
        (f'{{"x": "token={MARK}", "a": 1}}', '{"x": "token=[redacted]", "a": 1}'),
        (f'{{"x": "a=1&token={MARK}\\"{MARK}&b=2"}}', '{"x": "a=1&token=[redacted]&b=2"}'),
        (f'{{"x": "token={MARK}\\u00e9{MARK} kept"}}', '{"x": "token=[redacted] kept"}'),
        (f'{{"u": "Bearer {MARK}"}}', '{"u": "Bearer [redacted]"}'),
        (f'{{"u": "Bearer {MARK}="}}', '{"u": "Bearer [redacted]"}'),
        (f"u: Bearer {MARK}\n", "u: Bearer [redacted]\n"),
        (f'{{"name": "password", "value": "{MARK}"}}', '{"name":"password","value":"[redacted]"}'),
        (f'[{{"value": ["{MARK}"], "key": "api_key"}}]', '[{"value":"[redacted]","key":"[redacted]"}]'),
        ('{"name": "country", "value": 6, "token_type": "x"}', '{"name": "country", "value": 6, "token_type": "x"}'),
        ('{"x": "token=", "y": "b"}', '{"x": "token=", "y": "b"}'),
        ('{"token": 1, "x": "' + "a=1&" * 1_001 + '"}', '"[redacted]"'),
    ],
)
def test_texts_of_a_body_may_hold_secrets_of_their_own(body: str, redacted: str) -> None:
    assert redact_body(body.encode(), PATTERN) == redacted.encode()


@pytest.mark.parametrize("name", sorted(SECRET_HEADERS | SECRET_FIELDS))
def test_a_name_tells_by_its_parts_that_it_is_a_secrets(name: str) -> None:
    for written in (name, name.upper(), name.title()):
        assert written in SECRET_NAMES
        assert any(hint in written.lower() for hint in HINTS)
    assert redact_headers([(name.encode(), MARK.encode())], SECRET_NAMES) == ((name.encode(), HIDDEN.encode()),)


@pytest.mark.parametrize("name", ["privateKey", "newPassword", "APIKey", "userAuthToken", "JWT", "sessionId"])
def test_parts_may_be_told_by_capitals(name: str) -> None:
    assert name in SECRET_NAMES


@pytest.mark.parametrize("name", VISIBLE)
def test_other_names_are_shown(name: str) -> None:
    assert name not in SECRET_NAMES


def test_a_provider_may_say_what_is_secret_and_what_is_not() -> None:
    names = SecretNames(frozenset({"code"}), frozenset({"price_token"}))
    assert [name in names for name in ("code", "Code", "country_code", "price_token", "Price_Token", "token")] == [
        *(True, True, False, False, False, True)
    ]
    assert redact_body(b'{"code": "1", "price_token": "2"}', body_redactor(names)) == (
        b'{"code": "[redacted]", "price_token": "2"}'
    )


def test_names_that_are_remembered_take_no_memory_without_bound() -> None:
    names = SecretNames()
    for number in range(10_000):
        assert f"token{number}" in names
        assert names.headers[b"x-%d-key" % number]
    assert "token" + "x" * 100_000 in names
    assert len(names.known) + len(names.headers) < 5_000
    assert max(map(len, names.known)) < 100


@pytest.mark.parametrize(
    "query",
    ["", "page=2", "a=%20b&c", "q=a+b&q=c&empty=", "filter[token_count]=3"],
)
def test_a_query_without_secrets_is_as_it_was(query: str) -> None:
    assert redact_query(query, SECRET_NAMES) == query


@pytest.mark.parametrize(
    "query",
    [
        f"token={MARK}",
        f"a=1&API_KEY={MARK}&b=2",
        f"password={MARK}&password={MARK}",
        f"%74oken={MARK}",
        f"t%6Fken={MARK}&a=1",
        f"client_secret=%73{MARK}",
        *[f"a=1&{name}={MARK}" for name in ("key", "auth", "sig", "pwd", "pass", "jwt", "session", "x[token]")],
        f"user.password={MARK}",
        f"x%5Btoken%5D={MARK}",
    ],
)
def test_values_of_secret_names_in_a_query_are_hidden(query: str) -> None:
    redacted = redact_query(query, SECRET_NAMES)
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
        (b'{"passwords": "x", "my_token": "y"}', b'{"passwords": "[redacted]", "my_token": "[redacted]"}'),
        (b'{"tokenId": 1, "token_count": 2}', b'{"tokenId": "[redacted]", "token_count": 2}'),
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


MULTIPART = ((b"content-type", b"multipart/form-data; boundary=real"),)


@pytest.mark.parametrize(
    ("body", "redacted"),
    [
        *[
            (f'{{"{name}": "{MARK}", "a": 1}}', f'{{"{name}": "[redacted]", "a": 1}}')
            for name in ("pwd", "pin", "access_key", "privateKey", "bearer", "credential", "new_password", "user.pass")
        ],
        (f"a=1&user[password]={MARK}&b=2", "a=1&user[password]=[redacted]&b=2"),
        (f"user%5Bpassword%5D={MARK}", "user%5Bpassword%5D=[redacted]"),
        (f"x[token]={MARK}&pwd={MARK}", "x[token]=[redacted]&pwd=[redacted]"),
        (f"a: 1\npassword: {MARK}\nb: 2", "a: 1\npassword: [redacted]\nb: 2"),
        (f"password: |\n  {MARK}\n\n  {MARK}\nb: 2", "password: [redacted]\nb: 2"),
        (f"a:\n  - secret: >-\n      {MARK}\n      {MARK}\n  - b: 2", "a:\n  - secret: [redacted]\n  - b: 2"),
        (f"credentials:\n  user: {MARK}\n  b: {MARK}\nc: 3", "credentials:[redacted]\nc: 3"),
        (f'password: "{MARK}\n  {MARK}"\nb: 2', "password: [redacted]\nb: 2"),
        (f"password: {MARK}\n  {MARK}\nb: 2", "password: [redacted]\nb: 2"),
        (f"<a><password>{MARK}</password><b>2</b></a>", "<a><password>[redacted]</password><b>2</b></a>"),
        (f"<password><![CDATA[{MARK}<>&]]></password>", "<password>[redacted]</password>"),
        (f'<w:Password t="1">\n{MARK}\n</w:Password>', '<w:Password t="1">[redacted]</w:Password>'),
        (f"<user token='{MARK}' name='n'/>", "<user token=[redacted] name='n'/>"),
        (f"<apiKey>{MARK}", "<apiKey>[redacted]"),
        (f"{{'password': '{MARK}', 'a': 1}}", "{'password': [redacted], 'a': 1}"),
        (f"array('token' => '{MARK}', 'a' => 1)", "array('token' => [redacted], 'a' => 1)"),
        (f"Authorization: Bearer {MARK}\nHost: x", "Authorization: [redacted]\nHost: x"),
        (f'{{"text": "{{\\"pwd\\": \\"{MARK}\\"}}"}}', '{"text":"{\\"pwd\\": \\"[redacted]\\"}"}'),
    ],
)
def test_secrets_of_many_kinds_of_bodies_are_hidden(body: str, redacted: str) -> None:
    assert redact_body(body.encode(), PATTERN) == redacted.encode()


@pytest.mark.parametrize(
    ("body", "redacted"),
    [
        (
            f'--real\r\nD: x; name="pwd"\r\n\r\n{MARK}\r\n--not\r\n{MARK}\r\n--real\r\nD: x; name=a\r\n\r\nkept'
            "\r\n--real--",
            '--real\r\nD: x; name="pwd"\r\n\r\n[redacted]\r\n--real\r\nD: x; name=a\r\n\r\nkept\r\n--real--',
        ),
        (
            f"--real\r\nD: x; name*=UTF-8''p%61ssword\r\n\r\n{MARK}\r\n--real--\r\n",
            "--real\r\nD: x; name*=UTF-8''p%61ssword\r\n\r\n[redacted]\r\n--real--\r\n",
        ),
        (
            f'--real\r\nD: x; name = "password"\r\n\r\n{MARK}\r\n--real\r\nD: x; name=\r\n "pwd"\r\n\r\n{MARK}'
            "\r\n--real--",
            '--real\r\nD: x; name = "password"\r\n\r\n[redacted]\r\n--real\r\nD: x; name=\r\n "pwd"\r\n\r\n[redacted]'
            "\r\n--real--",
        ),
        (
            f'--real\nD: x; name="user[token]"; filename="f"\n\n{MARK}',
            '--real\nD: x; name="user[token]"; filename="f"\n\n[redacted]',
        ),
        (
            f'--real\r\nD: x; name="json"\r\n\r\n{{"pin": "{MARK}", "a": 1}}\r\n--real--',
            '--real\r\nD: x; name="json"\r\n\r\n{"pin": "[redacted]", "a": 1}\r\n--real--',
        ),
    ],
)
def test_secrets_of_forms_in_parts_are_hidden_by_the_boundary_that_is_meant(body: str, redacted: str) -> None:
    assert redact_body(body.encode(), PATTERN, MULTIPART) == redacted.encode()
    assert redact_body(body.encode(), PATTERN) == redacted.encode(), "told by the first line"


PIECES = (
    *(b"name=secret\na", b'name="secret";\n', b"name=secret;", b'"secret":[', b"secret ", b"http://a@", b"http://x?"),
    *(b'\\"', b'"', b'"a":', b'"key":"\\', b"a:", b"key:", b"key: |\n ", b"key: |\n", b"<key>", b"<key ", b"<a>", b"&"),
    *(b"Bearer a", b"bearer ", b"Bearer", b'"value":{"name":"key",', b"a=b ", b"%3d="),
    *(b"&key=", b"name=", b"name*=a''", b"\n--real", b"--real\r\nname=key\r\n\r\n", b"key='", b'key="', b"key=[", b" "),
    *(
        b"key={",
        b" key",
        b"a.",
        b"key",
        b"[key",
        b"%6bey=",
        b"key\n",
        b"key:\n",
        b"- key:\n",
        b"\n- - ",
        b"</key",
        b"\n",
    ),
    *(
        b"key =",
        b'"key" : ',
        b"token=",
        b"&a=",
        b"a=1\n",
        b"<key>a</key>",
        b'"key":1,',
        b"key: a\n",
        b"\r\n--real\r\n\r\n",
    ),
)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("before", [b"", b"key", b'"', b"--real\r\nname=key\r\n\r\n", b"<key>"])
@pytest.mark.timed
@pytest.mark.slow
def test_a_hostile_body_costs_by_its_size_and_no_more(piece: bytes, before: bytes) -> None:
    body = (before + piece * (MOST_BODY // len(piece)))[:MOST_BODY]
    for headers in ((), MULTIPART):
        whole = partial(redact_body, body, PATTERN, headers)
        assert growth(whole, partial(redact_body, body[: MOST_BODY // 8], PATTERN, headers)) < MOST_GROWTH


@pytest.mark.parametrize("name", ["x" * 60_000, "key" * 20_000, "aB" * 30_000, "[" * 60_000])
@pytest.mark.timed
def test_a_hostile_name_takes_no_longer_than_any_other(name: str) -> None:
    def redact(name: str) -> None:
        redact_headers([(name.encode(), b"x")], SecretNames())
        redact_query(f"{name}=x&key=y", SecretNames())

    assert growth(partial(redact, name), partial(redact, name[: len(name) // 8])) < MOST_GROWTH


def test_what_nests_too_deep_to_be_written_again_is_hidden_whole() -> None:
    deep = b"[" * 300 + b"]" * 300
    body = b'{"b": "{\\"secret\\": \\"x\\"}", "a": ' + deep + b"}"
    assert redact_body(body, PATTERN) == b'"[redacted]"'
    assert redact_body(b'{"\\u0073ecret": "x", "a": ' + deep + b"}", PATTERN) == (
        b'{"\\u0073ecret": "[redacted]", "a": ' + deep + b"}"
    )


#: Texts that are no names of secrets, as `iban` would be.
TEXTS = st.text(max_size=5).filter(lambda text: text not in SECRET_NAMES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
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
@pytest.mark.slow
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

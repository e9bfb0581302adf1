"""Multipart forms: which parts are fields, which forms are refused, and that no body takes long."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.errors import Malformed
from mockserver.http.body import MOST
from mockserver.http.multipart import MOST_HEAD, MOST_PARTS, read_multipart
from tests.costs import MOST_STICKS, sticks
from tests.support import running

MEDIA = "multipart/form-data; boundary=X"


def part(head: bytes, value: bytes = b"v") -> bytes:
    return b"--X\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def named(name: bytes, value: bytes = b"v") -> bytes:
    return part(b'Content-Disposition: form-data; name="' + name + b'"', value)


def read(*parts: bytes, media: str = MEDIA) -> list[tuple[str, str]]:
    return read_multipart(media, b"".join(parts) + b"--X--\r\n")


def test_fields_come_in_order_and_files_are_left_out() -> None:
    file = part(b'Content-Disposition: form-data; name="f"; filename="a;b.txt"\r\nContent-Type: text/plain')
    starred = part(b"Content-Disposition: form-data; name=f; filename*=UTF-8''a")
    assert read(named(b"b", b"1"), file, named(b"a", b""), starred, named(b"b", "ü".encode())) == [
        ("b", "1"),
        ("a", ""),
        ("b", "ü"),
    ]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"content-disposition:form-data;name=a", "a"),
        (b"CONTENT-DISPOSITION: form-data ; NAME = a ;", "a"),
        (b'Content-Disposition: form-data; name="a;b=\\"c\\\\"', 'a;b="c\\'),
        (b'Content-Disposition: form-data; name="C:\\temp"', "C:\\temp"),
        (b'Content-Disposition: form-data; name="a%22b"', "a%22b"),
        (b'Content-Disposition: form-data;\r\n name="a"', "a"),
        (b'X: y\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain', "a"),
        (b'Content-Disposition: form-data; name="a"; name="b"', "a"),
        (b'Content-Disposition: form-data; name=""', ""),
    ],
)
def test_a_name_is_read_as_it_may_be_written(head: bytes, name: str) -> None:
    assert read(part(head)) == [(name, "v")]


@pytest.mark.parametrize(
    "head", [b"X: y", b"Content-Disposition: form-data", b"Content-Disposition: a; name*=UTF-8''a"]
)
def test_a_part_without_a_name_is_no_field(head: bytes) -> None:
    assert read(part(head), named(b"a")) == [("a", "v")]


def test_a_part_may_have_no_head_at_all() -> None:
    assert read(b"--X\r\n\r\nvalue\r\n", named(b"a")) == [("a", "v")]


@pytest.mark.parametrize("value", [b"", b"a\r\n--Y\r\nb", b"a--X\r\n", b"\r\n\r\n", b"\r\n--Xb\r\n", b"\r\n--X-\r\n"])
def test_a_value_may_look_like_parts(value: bytes) -> None:
    assert read(named(b"a", value), named(b"b")) == [("a", value.decode()), ("b", "v")]


def test_what_stands_before_the_first_part_and_behind_the_last_is_nothing() -> None:
    body = b"before\r\n" + named(b"a") + b"--X--\r\nbehind\r\n" + named(b"b")
    assert read_multipart(MEDIA, body) == [("a", "v")]


@pytest.mark.parametrize(
    "media",
    [
        "multipart/form-data; charset=utf-8; boundary=X",
        'MULTIPART/Form-Data;Boundary="X"',
        "multipart/form-data; boundary=X; charset=utf-8",
    ],
)
def test_the_boundary_is_a_parameter_of_the_type(media: str) -> None:
    assert read(named(b"a"), media=media) == [("a", "v")]


def test_lines_may_end_in_line_feeds_only_and_delimiters_in_blanks() -> None:
    assert read_multipart(MEDIA, b"--X \t\nContent-Disposition: a; name=a\n\nv\n--X-- \n") == [("a", "v")]


@pytest.mark.parametrize(
    "media",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="',
        f"multipart/form-data; boundary={'b' * 71}",
        "multipart/mixed; boundary=X",
        "multipart/",
        "multipart/form-data; boundary=other",
    ],
)
def test_a_type_that_names_no_boundary_of_the_body_is_refused(media: str) -> None:
    with pytest.raises(Malformed):
        read(named(b"a"), media=media)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (named(b"a"), "does not end"),
        (b"", "does not end"),
        (named(b"a") + b"--X", "does not end"),
        (b"--X\r\nContent-Disposition: form-data; name=a\r\n--X--\r\n", "no end of its head"),
        (part(b"X: " + b"a" * MOST_HEAD) + b"--X--", f"longer than {MOST_HEAD}"),
        (part(b"Content-Type: Multipart/mixed; boundary=Y") + b"--X--", "parts of its own"),
        (part(b'Content-Disposition: form-data; name="a') + b"--X--", "cannot be read"),
        (part(b'Content-Disposition: form-data; name="a"b') + b"--X--", "cannot be read"),
        (named(b"a") * (MOST_PARTS + 1) + b"--X--", f"more than {MOST_PARTS} parts"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_why(body: bytes, rule: str) -> None:
    with pytest.raises(Malformed, match=rule):
        read_multipart(MEDIA, body)


def test_as_many_parts_as_may_be_are_read() -> None:
    assert len(read(named(b"a") * MOST_PARTS)) == MOST_PARTS


def nested(depth: int) -> bytes:
    return b"".join(b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n" % (n, n + 1) for n in range(depth))


HOSTILE: dict[str, tuple[str, bytes]] = {
    "200,000 parameters": (
        MEDIA,
        part(b'Content-Disposition: form-data; name="force"' + b";a" * 200_000) + b"--X--\r\n",
    ),
    "500,000 parameters": (
        MEDIA,
        part(b'Content-Disposition: form-data; name="force"' + b";a" * 500_000) + b"--X--\r\n",
    ),
    "parameters of nothing": (MEDIA, part(b"Content-Disposition: a" + b";" * 4_000) * 250),
    "parameters in quotes": (MEDIA, part(b"Content-Disposition: a" + b';a="\\"' * 600) * 250),
    "different parameters": (MEDIA, part(b"Content-Disposition: a" + b"".join(b";%d=" % n for n in range(19))) * 1_000),
    "folded lines": (MEDIA, part(b"A:" + b"\r\n " * 1_300) * 250),
    "short lines": (MEDIA, part(b"A:b\r\n" * 800) * 250),
    "as many lines as may be": (MEDIA, part(b"A:b\r\n" * 18) * 1_000),
    "3,000 deep": ("multipart/mixed; boundary=0", nested(3_000)),
    "20,000 deep": ("multipart/form-data; boundary=0", nested(20_000)),
    "18,000 parts": (MEDIA, named(b"a") * 18_000 + b"--X--\r\n"),
    "parts of nothing": (MEDIA, b"\n--X" * (MOST // 4)),
    "nearly delimiters": (MEDIA, b"--X\n\n" + b"\n--Xa" * (MOST // 5)),
    "a delimiter of blanks": (MEDIA, b"--X" + b" " * MOST),
    "carriage returns": (MEDIA, b"\r" * MOST),
    "empty lines": (MEDIA, b"--X\r\n\r\n" + b"\r\n" * (MOST // 2)),
    "delimiters and blanks": (MEDIA, b"--X\r\n" + b"\n--X \t" * (MOST // 6)),
    "a type of blanks": ("multipart/form-data" + "; " * 30_000, b"a"),
    "a type of boundaries": ("multipart/form-data" + ";boundary=" * 6_000, b"a"),
    "a boundary of dashes": ("multipart/form-data; boundary=" + "-" * 70, b"\r\n--" + b"-" * MOST),
}


@pytest.mark.timed
@pytest.mark.parametrize("name", HOSTILE)
def test_no_body_takes_long(name: str) -> None:
    media, body = HOSTILE[name]

    def read() -> None:
        with suppress(Malformed):
            read_multipart(media, body[:MOST])

    assert sticks(read) < MOST_STICKS


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_refused(body: bytes) -> None:
    try:
        pairs = read_multipart(MEDIA, body)
    except Malformed:
        return
    assert sum(len(name) + len(value) for name, value in pairs) <= len(body)


@given(st.lists(st.tuples(st.text('ab[]"\\;= ü', min_size=1, max_size=6), st.text("ab\r\n-", max_size=8)), min_size=1))
def test_what_an_ordinary_client_sends_comes_back(fields: list[tuple[str, str]]) -> None:
    files = [(name, (None, value)) for name, value in fields]
    request = httpx.Request("POST", "http://localhost/", files=files)
    # The client escapes quotes as browsers do (%22), which nobody can tell from the same text.
    wanted = [(name.replace('"', "%22"), value) for name, value in fields if "\\" not in name]
    found = read_multipart(request.headers["content-type"], request.read())
    assert [pair for pair in found if "\\" not in pair[0]] == wanted


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["200,000 parameters", "3,000 deep", "18,000 parts"])
async def test_a_provider_refuses_such_a_body_in_its_own_words(name: str) -> None:
    media, body = HOSTILE[name]
    headers = {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "sandbox-secret", "Content-Type": media}
    async with running() as world:
        answer = await world.call("POST", "/api.doctorsim.com/update_order/1", content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json() | {"info": ""} == {"code": "400", "status": "API_ERROR", "info": "", "res": {}}
        (entry,) = (await world.steer("GET", "/requests"))["requests"]
        assert (entry["operation"], entry["mistake"]) == ("update_order", "Malformed")


@pytest.mark.anyio
@pytest.mark.parametrize("form", [{"data": {"force": "nowait"}}, {"files": {"force": (None, "nowait")}}])
async def test_a_fault_knows_the_fields_of_a_form_however_it_is_sent(form: dict[str, Any]) -> None:
    headers = {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "sandbox-secret"}
    async with running() as world:
        fault = {"operation": "update_order", "body": {"force": "nowait"}, "answer": {"status": 418}}
        await world.steer("POST", "/faults", fault)
        answer = await world.call("POST", "/api.doctorsim.com/update_order/1", headers=headers, **form)
        assert answer.status_code == 418

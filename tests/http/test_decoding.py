"""Compressed bodies are decoded within the limit of any other body."""

import base64
import gzip
import zlib
from functools import partial
from random import Random

import pytest

from mockserver.domain.errors import Malformed, PayloadTooLarge, UnsupportedEncoding
from mockserver.http.body import MOST
from mockserver.http.decoding import FREE, MOST_MEMBERS, MOST_RATIO, decode_body
from tests.costs import MOST_STICKS, sticks

#: The same bytes at any time of day, so that all processes collect the same tests.
_zipped = partial(gzip.compress, mtime=0)

TEXT = b'{"country": 6, "service": "wa"}'


def raw(data: bytes) -> bytes:
    """Deflated without the wrapper of zlib."""
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", _zipped(TEXT)),
        ("GZip", _zipped(TEXT)),
        ("x-gzip", _zipped(TEXT)),
        (" gzip , ", _zipped(TEXT)),
        ("gzip", _zipped(TEXT[:9]) + _zipped(TEXT[9:]) + b"\0\0"),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw(TEXT)),
        ("deflate, gzip", _zipped(zlib.compress(TEXT))),
        ("identity", TEXT),
        ("identity, gzip", _zipped(TEXT)),
        ("", TEXT),
    ],
)
def test_a_body_is_as_it_was_before_it_was_encoded(encoding: str, body: bytes) -> None:
    assert decode_body(body, encoding) == (TEXT, None)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "gzip, gzip, gzip", "*", "gzip;q=1"])
def test_another_encoding_is_named(encoding: str) -> None:
    body, refusal = decode_body(_zipped(TEXT), encoding)
    assert isinstance(refusal, UnsupportedEncoding)
    assert (body, refusal.encoding) == (b"", encoding)
    assert repr(encoding) in refusal.text


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", TEXT),
        ("gzip", _zipped(TEXT)[:-4]),
        ("gzip", _zipped(TEXT)[:12]),
        ("gzip", _zipped(TEXT) + b"more"),
        ("gzip", _zipped(b"") * (MOST_MEMBERS + 1)),
        ("gzip", zlib.compress(TEXT)),
        ("deflate", _zipped(TEXT)),
        ("deflate", zlib.compress(TEXT)[:-2]),
        ("deflate, gzip", _zipped(TEXT)),
    ],
)
def test_what_is_not_encoded_so_is_malformed(encoding: str, body: bytes) -> None:
    decoded, refusal = decode_body(body, encoding)
    assert (decoded, type(refusal)) == (b"", Malformed)


def test_a_body_may_be_as_large_decoded_as_it_may_be_plain() -> None:
    text = base64.b16encode(Random(7).randbytes(MOST // 2))
    assert decode_body(_zipped(text), "gzip") == (text, None)
    body, refusal = decode_body(zlib.compress(text + b"x", 1), "deflate")
    assert (body, type(refusal)) == (b"", PayloadTooLarge)


def test_a_body_may_become_only_so_many_times_larger() -> None:
    assert decode_body(_zipped(b" " * FREE), "gzip") == (b" " * FREE, None)
    bomb = _zipped(b" " * (FREE * 10))
    assert len(bomb) * MOST_RATIO < FREE * 10
    _, refusal = decode_body(bomb, "gzip")
    assert isinstance(refusal, PayloadTooLarge)
    assert refusal.limit == max(FREE, len(bomb) * MOST_RATIO)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", _zipped(b"\0" * 100 * MOST)),
        ("gzip, gzip", _zipped(_zipped(b"\0" * 100 * MOST))),
        ("gzip", (_zipped(b"") * (MOST // 20))[:MOST]),
        ("gzip", _zipped(b"a") + b"\0" * (MOST - 21)),
        ("deflate", b"\0" * MOST),
        ("gzip, " * 10_000, b"a"),
        ("deflate", zlib.compress(b"abc" * (MOST // 3), 1)),
    ],
    ids=["zeros", "twice zeros", "members", "padding", "no deflate", "layers", "repeats"],
)
@pytest.mark.timed
def test_no_body_takes_long(encoding: str, body: bytes) -> None:
    assert sticks(partial(decode_body, body, encoding)) < MOST_STICKS

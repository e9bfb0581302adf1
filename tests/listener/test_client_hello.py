"""The first message of a TLS connection: real ones in any pieces, and what only looks like one."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.listener.client_hello import LONGEST, ClientHello, NotTls, read_client_hello


def hello(server_name: str | None, *, protocols: tuple[str, ...] = ("http/1.1",)) -> bytes:
    """What Python's own TLS sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    outgoing = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("name", ["daisysim.com", "api.doctorsim.com", "a.b.c.example", None])
def test_the_server_name_is_read(name: str | None) -> None:
    assert read_client_hello(hello(name)) == ClientHello(name)


def test_names_are_in_lower_case_without_a_last_dot() -> None:
    assert read_client_hello(hello("DaisySIM.com")) == ClientHello("daisysim.com")


def test_until_it_is_whole_nothing_is_said() -> None:
    whole = hello("daisysim.com")
    assert [read_client_hello(whole[:size]) for size in range(len(whole))] == [None] * len(whole)
    assert read_client_hello(whole + b"more") == ClientHello("daisysim.com")


@given(size=st.integers(1, 200))
def test_a_hello_may_be_cut_into_records(size: int) -> None:
    record = hello("daisysim.com")
    message = record[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    records = b"".join(record[:3] + len(part).to_bytes(2) + part for part in parts)
    assert read_client_hello(records) == ClientHello("daisysim.com")
    assert read_client_hello(records[:-1]) is None


@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_hello_with_a_wrong_byte_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(hello("daisysim.com"))
    data[place % len(data)] = value
    try:
        read = read_client_hello(bytes(data))
    except NotTls:
        return
    assert read is None or isinstance(read, ClientHello)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_client_hello(b"\x16\x03\x01" + data)
    except NotTls:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x02\x00\x00\x10" + bytes(16),
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03",
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x17\x03\x01\x00\x04\x01\x00\x00\x00",
    ],
    ids=["another version", "another message", "empty", "cut inside", "too long", "no handshake"],
)
def test_what_is_no_hello_is_refused(data: bytes) -> None:
    with pytest.raises(NotTls):
        read_client_hello(data)


@pytest.mark.parametrize("announced", [b"\x00\x3f\xf0", b"\x00\xff\xf0"])
def test_a_hello_that_never_ends_is_refused(announced: bytes) -> None:
    endless = b"\x16\x03\x01\x00\x04\x01" + announced + b"\x16\x03\x01\x00\x01\x00" * (LONGEST // 6)
    with pytest.raises(NotTls):
        read_client_hello(endless)

"""Which hosts are served to clients that come as to a proxy, and for which sandbox."""

from base64 import b64encode

import pytest

from mockserver.listener.authority import Authority, ProxyRefusal, authority_of
from mockserver.listener.options import ListenerOptions
from mockserver.listener.proxying import ConnectRequest, Proxy, read_connect, sandbox_of

HOSTS = frozenset({"daisysim.com", "api.hidsim.com"})
OWN = [("127.0.0.1", 7460), ("::1", 7460)]


def proxy(*, passthrough: bool = False) -> Proxy:
    return Proxy(ListenerOptions(hosts=HOSTS, passthrough=passthrough), OWN)


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("daisysim.com:443", Authority("daisysim.com", 443)),
        ("DaisySIM.com.:443", Authority("daisysim.com", 443)),
        ("[::1]:7460", Authority("::1", 7460)),
        ("user:pass@daisysim.com:80", Authority("daisysim.com", 80)),
    ],
)
def test_an_authority_is_a_host_and_a_port(text: str, authority: Authority) -> None:
    assert authority_of(text) == authority


@pytest.mark.parametrize(
    "text", ["daisysim.com", "[::1]", "", ":443", "a b:443", "daisysim.com:99999", "[::1:443", "x:"]
)
def test_what_is_no_authority_is_refused(text: str) -> None:
    with pytest.raises(ProxyRefusal, match="not a host and a port") as refused:
        authority_of(text)
    assert refused.value.status == 400


def test_a_port_may_go_without_saying() -> None:
    assert authority_of("[::1]", 443) == Authority("::1", 443)
    assert str(authority_of("daisysim.com", 80)) == "daisysim.com:80"


@pytest.mark.parametrize(
    ("host", "port", "served", "served_with_passthrough"),
    [
        ("daisysim.com", 443, True, True),
        ("daisysim.com", 80, True, True),
        ("daisysim.com", 7460, True, True),
        ("127.0.0.1", 7460, True, True),
        ("localhost", 7460, True, True),
        ("mock", 7460, True, False),
        ("daisysim.com", 8443, False, False),
        ("notdaisysim.com", 443, False, False),
        ("127.0.0.1", 443, False, False),
        ("example.com", 443, False, False),
    ],
)
def test_emulated_hosts_and_the_server_itself_are_served(
    host: str, port: int, served: bool, served_with_passthrough: bool
) -> None:
    assert proxy().serves(Authority(host, port)) is served
    assert proxy(passthrough=True).serves(Authority(host, port)) is served_with_passthrough


@pytest.mark.parametrize(
    ("authority", "told"),
    [(Authority("example.com", 443), "--passthrough"), (Authority("daisysim.com", 8443), "on the ports 443 and 80")],
)
def test_all_else_is_refused_by_name(authority: Authority, told: str) -> None:
    with pytest.raises(ProxyRefusal, match=told) as refused:
        proxy().admit(authority)
    assert refused.value.status == 403
    assert authority.host in refused.value.text


def test_a_server_beyond_loopback_names_no_flag_that_it_would_refuse() -> None:
    with pytest.raises(ProxyRefusal) as refused:
        Proxy(ListenerOptions(hosts=HOSTS), [("0.0.0.0", 7460)]).admit(Authority("example.com", 443))
    assert "--passthrough" not in refused.value.text


def test_passthrough_sends_it_on() -> None:
    assert proxy(passthrough=True).admit(Authority("example.com", 443)) is False


def test_the_proxy_user_is_the_sandbox_whatever_the_password() -> None:
    assert sandbox_of(None) is None
    for pair in (b"worker-3:x", b"worker-3:", b"worker-3", b"worker-3:a:b"):
        assert sandbox_of(b"Basic " + b64encode(pair)) == "worker-3"
    assert sandbox_of(b"basic  " + b64encode(b"w:x")) == "w"


@pytest.mark.parametrize(
    "credential",
    [
        b"Basic " + b64encode(b"No!:x"),
        b"Basic " + b64encode(b":x"),
        b"Basic ???",
        b"Bearer worker",
        b"Basic",
        b"",
        b"Basic " + b64encode(b"\xff:x"),
    ],
)
def test_a_user_that_is_no_name_is_asked_for_another(credential: bytes) -> None:
    with pytest.raises(ProxyRefusal) as refused:
        sandbox_of(credential)
    assert refused.value.status == 407
    assert refused.value.headers[0][0] == b"proxy-authenticate"
    assert credential.decode("latin-1").strip() == "" or credential.decode("latin-1") not in refused.value.text


def test_a_connect_is_read() -> None:
    head = b"CONNECT daisysim.com:443 HTTP/1.1\r\nHost: daisysim.com:443\r\nproxy-authorization: Basic dzp4"
    assert read_connect(head) == ConnectRequest(Authority("daisysim.com", 443), "w")


@pytest.mark.parametrize(
    "head", [b"CONNECT daisysim.com:443", b"CONNECT  HTTP/1.1", b"CONNECT a:1 HTTP/2.0", b"CONNECT a:1 b HTTP/1.1"]
)
def test_what_is_no_connect_is_refused(head: bytes) -> None:
    with pytest.raises(ProxyRefusal):
        read_connect(head)

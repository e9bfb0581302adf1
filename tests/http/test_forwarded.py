"""By which address answers name the server: as the client called it, as a proxy says, or as it was fixed."""

from typing import Any

import pytest

from mockserver.http.origin import Origins

ASKED = "localhost:7460"


def scope(client: str | None = "127.0.0.1", scheme: str = "http", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"scheme": scheme, "client": (client, 5) if client else None, "headers": named}


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, "http://localhost:7460"),
        ({"x_forwarded_proto": "https"}, "https://localhost:7460"),
        ({"x_forwarded_proto": "HTTPS", "x_forwarded_host": "mock.example"}, "https://mock.example"),
        ({"x_forwarded_host": "mock.example", "x_forwarded_port": "8443"}, "http://mock.example:8443"),
        (
            {"x_forwarded_proto": "https", "x_forwarded_host": "mock.example", "x_forwarded_port": "443"},
            "https://mock.example",
        ),
        ({"x_forwarded_host": "mock.example:81", "x_forwarded_port": "82"}, "http://mock.example:81"),
        ({"x_forwarded_proto": "https, http", "x_forwarded_host": "a.example, b"}, "https://a.example"),
        ({"x_forwarded_prefix": "/base/"}, "http://localhost:7460/base"),
        ({"forwarded": 'for=1.2.3.4;proto=https;host="mock.example:8443", proto=http'}, "https://mock.example:8443"),
        ({"forwarded": "proto=https", "x_forwarded_proto": "http"}, "https://localhost:7460"),
        ({"x_forwarded_proto": "gopher"}, "http://localhost:7460"),
        ({"x_forwarded_host": "a b"}, "http://localhost:7460"),
        ({"x_forwarded_prefix": "no slash"}, "http://localhost:7460"),
        ({"x_forwarded_prefix": '/"><script>'}, "http://localhost:7460"),
        ({"x_forwarded_prefix": "/a/../b"}, "http://localhost:7460"),
        ({"x_forwarded_host": "mock.example", "x_forwarded_port": "99999"}, "http://mock.example"),
        ({"x_forwarded_host": "mock.example", "x_forwarded_port": "0"}, "http://mock.example"),
        ({"forwarded": "nonsense"}, "http://localhost:7460"),
    ],
)
def test_a_proxy_nearby_says_how_the_client_called(headers: dict[str, str], origin: str) -> None:
    assert Origins().of(scope(**headers), ASKED) == origin
    assert Origins(trust="off").of(scope(**headers), ASKED) == "http://localhost:7460"


@pytest.mark.parametrize(
    ("client", "trusted"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("192.168.0.7", True),
        ("::ffff:10.1.2.3", True),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("testclient", False),
        (None, False),
    ],
)
def test_only_peers_nearby_are_believed(client: str | None, trusted: bool) -> None:
    origin = Origins().of(scope(client, x_forwarded_proto="https"), ASKED)
    assert origin == ("https://localhost:7460" if trusted else "http://localhost:7460")


def test_the_scheme_of_the_connection_counts() -> None:
    assert Origins().of(scope(scheme="https"), "daisysim.com") == "https://daisysim.com"


def test_a_public_url_stands_for_all_but_the_emulated_hosts() -> None:
    origins = Origins("https://mock.example/base", hosts={"daisysim.com"})
    assert origins.of(scope(x_forwarded_host="other.example"), ASKED) == "https://mock.example/base"
    assert origins.of(scope(), None) == "https://mock.example/base"
    assert origins.of(scope(scheme="https"), "DaisySIM.com:443") == "https://DaisySIM.com:443"


def test_of_repeated_headers_the_first_counts() -> None:
    asked = scope(x_forwarded_proto="https")
    asked["headers"].append((b"x-forwarded-proto", b"http"))
    assert Origins().of(asked, ASKED) == "https://localhost:7460"


def test_a_host_that_is_none_is_not_repeated() -> None:
    assert Origins().of(scope(), "a b") == "http://localhost"

"""The errors for calls that no endpoint takes, derived from the endpoints' path templates."""

import pytest

from mockserver.http.unrouted import missing_parameters
from tests.served import PROVIDERS

ENDPOINTS = tuple(
    next(iter(PROVIDERS)).endpoints[0]._replace(path=path)
    for path in ("/list", "/list/{id}", "/order/{a}/of/{b}", "/files/{rest:path}", "/{anything}/fixed/{c}")
)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/list/", ["id"]),
        ("/order", ["a", "b"]),
        ("/order/", ["a", "b"]),
        ("/order//of/", ["a", "b"]),
        ("/order/1/of", ["b"]),
        ("/order/1/of/", ["b"]),
        ("/order//of/2", ["a"]),
        ("/files", ["rest"]),
    ],
)
def test_the_parameters_that_a_path_leaves_out_are_named_in_their_order(path: str, missing: list[str]) -> None:
    assert list(next(missing_parameters(path, ENDPOINTS))) == missing


@pytest.mark.parametrize(
    "path", ["/", "", "//", "/lists", "/order/1/off", "/order/1/of/2/3", "/list/1/2", "/x/y", "/x/fixed/"]
)
def test_a_path_that_no_endpoint_begins_with_leaves_nothing_out(path: str) -> None:
    assert list(missing_parameters(path, ENDPOINTS)) == []

"""Runs every test of the suite for every provider, or for every endpoint of a kind of every provider."""

from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from mockserver.http.provider import Endpoint, Provider
from tests.conformance.client import Client, client_of
from tests.served import asked

#: What a test may ask for: `endpoint` is any, the others are endpoints of a kind.
_KINDS: Mapping[str, Callable[[Endpoint], bool]] = {
    "endpoint": lambda _: True,
    "reading": lambda one: one.method == "GET" and one.head,
    "acting": lambda one: one.method != "GET" or not one.head,
    "guarded": lambda one: not one.public,
    "taking": lambda one: one.takes is not None,
    "querying": lambda one: one.query is not None,
    "addressed": lambda one: "{" in one.path,
}


def pytest_configure(config: pytest.Config) -> None:
    """Find the providers before any test is collected: a name that nobody has ends the run with one line."""
    asked()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each endpoint of the kind asked for, with its `provider`; else for each provider."""
    for kind, belongs in _KINDS.items():
        if kind in metafunc.fixturenames:
            found = [(provider, one) for provider in asked() for one in provider.endpoints if belongs(one)]
            names = [f"{provider.name}.{one.operation_id}" for provider, one in found]
            metafunc.parametrize(("provider", kind), found, ids=names)
            return
    written = [name for mark in metafunc.definition.iter_markers("parametrize") for name in mark.args[0]]
    if "provider" in metafunc.fixturenames and "provider" not in written:
        metafunc.parametrize("provider", asked(), ids=[provider.name for provider in asked()])


@pytest.fixture
async def client(provider: Provider) -> AsyncIterator[Client]:
    """A client of the provider under test, alone in a world whose clock stands still."""
    async with client_of(provider) as one:
        yield one

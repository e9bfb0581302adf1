"""The providers under test: those of the package, and an invented one outside it."""

import os
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mockserver.domain.suggestions import suggestion
from mockserver.http.provider import Provider
from mockserver.providers.discovery import bundled_providers, data_roots, load
from mockserver.providers.sources import Source, sources

#: The providers of the package.
PROVIDERS = bundled_providers()
_ACME = Source("acme", "tests.acme", distribution="acme-tests 1.0")
#: The invented one, as it is found when a distribution declares it.
ACME = load(_ACME)
#: Names a provider of another distribution, which the conformance suite is then asked of instead.
ASKED = "MOCKSERVER_CONFORMANCE"


@cache
def asked() -> tuple[Provider, ...]:
    """The providers that the conformance suite is asked of."""
    name = os.environ.get(ASKED)
    if not name:
        return (*PROVIDERS, ACME)
    found = {one.name: one for one in sources()}
    if name not in found:
        raise pytest.UsageError(f"{ASKED}: there is no provider {name!r} ({suggestion(name, found)})")
    return (load(found[name]),)


def samples_module(provider: Provider) -> Any:
    """The module with the conformance samples of a provider: `samples` beside it where it lives outside."""
    if provider.folder is None:
        return import_module(f"tests.conformance.samples.{provider.name}")
    source = next(one for one in (_ACME, *sources()) if one.name == provider.name)
    module = f"{source.module}.samples"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        pytest.fail(f"{provider.name} has no module {module}, which holds its samples", pytrace=False)


def scenario_files(provider: Provider) -> list[Path]:
    """The scenario files of a provider, in its own folder where it lives outside."""
    return sorted((data_roots("scenarios", [provider])[-1] / provider.name).glob("*.yaml"))


def missing(provider: Provider, sample: str, why: str) -> NoReturn:
    """Fail with one line: the samples of the provider lack what a proof needs."""
    pytest.fail(f"the samples of {provider.name} lack `{sample}`: {why}", pytrace=False)

"""Find and import providers: the folders of this package, and what other distributions declare as entry points.

A distribution declares a provider in its pyproject.toml:

    [project.entry-points."mockserver.providers"]
    acme = "acme_mock:PROVIDER"

Its scenarios and schemas lie in `scenarios/acme/` and `schemas/acme/`, in the module's folder or beside it. A
provider that cannot be used stops the start with one line: a server that silently lacks an API would answer 404
to a test that is right.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import get_args

from mockserver.domain.suggestions import did_you_mean
from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.providers.sources import (
    ProviderProblem,
    Source,
    bundled_sources,
    folder_of,
    outside_root,
    roots_of,
    sources,
)
from mockserver.resources import NAMES
from mockserver.sandbox.settings import Kind

#: The fields of an endpoint that name schemas.
_ENDPOINT_SCHEMAS = ("gives", "takes", "form", "query", "path_fields", "request_headers")


def all_providers() -> tuple[Provider, ...]:
    """Import and return all providers; raises ProviderProblem for one that cannot be used."""
    providers = tuple(map(load, sources()))
    check_addresses(providers)
    return providers


def bundled_providers() -> tuple[Provider, ...]:
    """Import and return the providers of this package."""
    return tuple(map(load, bundled_sources()))


def load(source: Source) -> Provider:
    """Import and return a provider; raises ProviderProblem where that fails."""
    try:
        provider = import_module(source.module)
        for part in source.attribute.split("."):
            provider = getattr(provider, part)
    except Exception as error:
        if not source.distribution:
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ProviderProblem(f"provider {source.name!r} ({source}) cannot be imported: {reason}") from error
    if not isinstance(provider, Provider):
        raise ProviderProblem(f"provider {source.name!r} ({source}) is no Provider, but {type(provider).__name__}")
    if provider.name != source.name:
        raise ProviderProblem(f"provider {source.name!r} ({source}) calls itself {provider.name!r}")
    if not source.distribution:
        return provider
    for kind in NAMES:
        outside_root(source, kind)
    provider = replace(provider, folder=folder_of(source))
    if problem := next(_mistakes(provider), None):
        raise ProviderProblem(f"provider {source.name!r} ({source}) {problem}")
    return provider


def _mistakes(provider: Provider) -> Iterator[str]:
    """Yield what is wrong with the names in a declaration that a request would otherwise find, as an error 500."""
    if provider.rules.provider != provider.name:
        yield f"has rules for {provider.rules.provider!r}"
    known = SchemaStore(*data_roots("schemas", [provider])).all_names()
    for place, name in _schema_names(provider):
        if name not in known:
            yield f"names an unknown schema in {place}: {name!r}{did_you_mean(name, known)}"
    for setting in provider.settings:
        if not setting.name.startswith(f"{provider.name}."):
            yield f"has a setting whose name does not begin with '{provider.name}.': {setting.name!r}"
        elif setting.kind not in get_args(Kind):
            kinds = ", ".join(get_args(Kind))
            yield f"has a setting {setting.name!r} of an unknown kind: {setting.kind!r} (one of {kinds})"
        elif problem := setting.problem(setting.default):
            yield f"has a setting {setting.name!r} with a wrong default: {problem}"


def _schema_names(provider: Provider) -> Iterator[tuple[str, str]]:
    """Yield each name of a schema with the place of the declaration where it stands."""
    endpoints = [*provider.endpoints, *(endpoint for annex in provider.annexes for endpoint in annex.endpoints)]
    for endpoint in endpoints:
        for part in _ENDPOINT_SCHEMAS:
            if name := getattr(endpoint, part):
                yield f"{part} of endpoint {endpoint.name!r}", name
    for event, name in provider.webhooks.items():
        yield f"webhooks, event {event!r}", name
    yield "failure_schema", provider.failure_schema
    if provider.answer_headers:
        yield "answer_headers", provider.answer_headers
    for annex in provider.annexes:
        if annex.failure_schema:
            yield f"failure_schema of the annex at {annex.mount.host}", annex.failure_schema


def data_roots(kind: str, providers: Iterable[Provider]) -> tuple[Path, ...]:
    """Return the folders of the scenarios or schemas of these providers, the bundled folder first."""
    return roots_of(kind, [(provider.folder, provider.name) for provider in providers if provider.folder is not None])


def check_addresses(providers: Iterable[Provider]) -> None:
    """Raise ProviderProblem where two providers answer under one host and prefix."""
    owners: dict[tuple[str, str], str] = {}
    for provider in providers:
        for mount in (*provider.mounts, *(annex.mount for annex in provider.annexes)):
            owner = owners.setdefault((mount.host, mount.prefix), provider.name)
            if owner != provider.name:
                raise ProviderProblem(f"{owner!r} and {provider.name!r} both answer under {mount.host}{mount.prefix}")

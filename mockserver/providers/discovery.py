"""Find and import providers: the folders of this package, and what other distributions declare as entry points.

A distribution declares a provider in its pyproject.toml:

    [project.entry-points."mockserver.providers"]
    acme = "acme_mock:PROVIDER"

Its scenarios and schemas lie in `scenarios/acme/` and `schemas/acme/`, in the module's folder or beside it. A
provider that cannot be used stops the start with one line: a server that silently lacks an API would answer 404
to a test that is right.
"""

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.http.provider import Provider
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

if TYPE_CHECKING:
    from mockserver.http.schemas import SchemaStore
    from mockserver.scenario.library import Library


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
    except (Exception, SystemExit) as error:  # a module that calls sys.exit() must not end the server without a word
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
    return replace(provider, folder=folder_of(source))


def data_roots(kind: str, providers: Iterable[Provider]) -> tuple[Path, ...]:
    """Return the folders of the scenarios or schemas of these providers, the bundled folder first."""
    return roots_of(kind, [(provider.folder, provider.name) for provider in providers if provider.folder is not None])


def check_addresses(providers: Iterable[Provider]) -> None:
    """Raise ProviderProblem where two providers answer under one host and prefix."""
    owners: dict[tuple[str, str], str] = {}
    for provider in providers:
        for host, prefix in _addresses(provider):
            owner = owners.setdefault((host, prefix), provider.name)
            if owner != provider.name:
                raise ProviderProblem(f"{owner!r} and {provider.name!r} both answer under {host}{prefix}")


def _addresses(provider: Provider) -> list[tuple[str, str]]:
    try:
        mounts = (*provider.mounts, *(annex.mount for annex in provider.annexes))
        return [(str(mount.host), str(mount.prefix)) for mount in mounts]
    except (AttributeError, TypeError):
        return []  # The check of declarations tells what is wrong with them.


def check_declarations(providers: Iterable[Provider], schemas: "SchemaStore", scenarios: "Library") -> None:
    """Raise ProviderProblem for a wrong declaration of another distribution; tests check those of this package.

    Whether schema files are JSON Schemas is left to `mockserver check`, so that a start takes no longer.
    """
    for provider in providers:
        if provider.folder is None:
            continue
        from mockserver.http.declaration import declaration_problems

        problems = declaration_problems(provider, schemas, scenarios, compile_schemas=False)
        if problems:
            more = f" (and {len(problems) - 1} more: mockserver check tells all)" if len(problems) > 1 else ""
            raise ProviderProblem(problems[0] + more)

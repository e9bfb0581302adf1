"""The check of scenario files against all installed providers, and of the declarations of those themselves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.scenario.check import Judge
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.problems import Problem, Report


def scenario_judge() -> "Judge":
    """Return a judge for files of every provider; imports the providers at the first file that is read."""
    cache: list[Judge] = []

    def judge(scenario: "Scenario", report: "Report", data: Mapping[str, Any]) -> None:
        if not cache:
            cache.append(_judge())
        cache[0](scenario, report, data)

    return judge


def declaration_problems() -> "list[Problem]":
    """Return the mistakes in the declarations of other distributions, each at the provider's folder."""
    from mockserver.providers.sources import sources

    if not any(source.distribution for source in sources()):
        return []
    from mockserver.http.declaration import declaration_problems
    from mockserver.http.schemas import SchemaStore
    from mockserver.providers.discovery import all_providers, data_roots
    from mockserver.scenario.library import Library
    from mockserver.scenario.problems import Problem

    outside = [provider for provider in all_providers() if provider.folder is not None]
    schemas = SchemaStore(*data_roots("schemas", outside))
    library = Library.of_providers(data_roots("scenarios", outside), providers=[one.name for one in outside])
    return [
        Problem(str(provider.folder), 1, 1, line)
        for provider in outside
        for line in declaration_problems(provider, schemas, library)
    ]


def _judge() -> "Judge":
    from mockserver.http.lint import judge_of
    from mockserver.http.schemas import SchemaStore
    from mockserver.providers.discovery import all_providers, check_declarations, data_roots
    from mockserver.sandbox.settings import COMMON, SettingsTable
    from mockserver.scenario.library import Library

    installed = all_providers()
    providers = {provider.name: provider for provider in installed}
    schemas = SchemaStore(*data_roots("schemas", installed))
    library = Library.of_providers(data_roots("scenarios", installed), providers=list(providers))
    check_declarations(installed, schemas, library)
    table = SettingsTable((*COMMON, *(setting for provider in installed for setting in provider.settings)))
    return judge_of(providers.get, table, schemas, library)

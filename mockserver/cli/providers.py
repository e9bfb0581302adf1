"""The check of scenario files against all installed providers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.scenario.check import Judge
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.problems import Report


def scenario_judge() -> "Judge":
    """Return a judge for files of every provider; imports the providers at the first file that is read."""
    cache: list[Judge] = []

    def judge(scenario: "Scenario", report: "Report", data: Mapping[str, Any]) -> None:
        if not cache:
            cache.append(_judge())
        cache[0](scenario, report, data)

    return judge


def _judge() -> "Judge":
    from mockserver.http.lint import judge_of
    from mockserver.http.schemas import SchemaStore
    from mockserver.providers.discovery import all_providers, data_roots
    from mockserver.sandbox.settings import COMMON, SettingsTable
    from mockserver.scenario.library import Library

    installed = all_providers()
    providers = {provider.name: provider for provider in installed}
    table = SettingsTable((*COMMON, *(setting for provider in installed for setting in provider.settings)))
    library = Library.of_providers(data_roots("scenarios", installed), providers=list(providers))
    return judge_of(providers.get, table, SchemaStore(*data_roots("schemas", installed)), library)

"""What a scenario file must suit: the providers that are found."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.scenario.check import Judge
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.problems import Report


def scenario_judge() -> "Judge":
    """The judge of files of every provider, which it imports for the first file that is sound in itself."""
    made: list[Judge] = []

    def judge(scenario: "Scenario", report: "Report", data: Mapping[str, Any]) -> None:
        if not made:
            made.append(_judge())
        made[0](scenario, report, data)

    return judge


def _judge() -> "Judge":
    from mockserver.http.lint import judge_of
    from mockserver.http.schemas import SchemaStore
    from mockserver.providers.discovery import all_providers, data_roots
    from mockserver.sandbox.settings import COMMON, SettingsTable
    from mockserver.scenario.library import Library

    found = all_providers()
    providers = {provider.name: provider for provider in found}
    table = SettingsTable((*COMMON, *(row for provider in found for row in provider.settings)))
    library = Library.of_providers(data_roots("scenarios", found), providers=list(providers))
    return judge_of(providers.get, table, SchemaStore(*data_roots("schemas", found)), library)

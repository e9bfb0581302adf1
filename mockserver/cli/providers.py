"""Which providers there are, told without importing them, and what a scenario file must suit."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.scenario.check import Judge
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.problems import Report


def provider_names() -> list[str]:
    """By their folders: importing them takes longer than drawing one of their machines."""
    import pkgutil

    folder = Path(__file__).parents[1] / "providers"
    return [module.name for module in pkgutil.iter_modules([str(folder)]) if module.ispkg]


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
    from mockserver.providers import PROVIDERS
    from mockserver.resources import bundled
    from mockserver.sandbox.settings import COMMON, SettingsTable
    from mockserver.scenario.library import Library

    providers = {provider.name: provider for provider in PROVIDERS}
    table = SettingsTable((*COMMON, *(row for provider in PROVIDERS for row in provider.settings)))
    return judge_of(providers.get, table, SchemaStore(bundled("schemas")), Library.bundled(providers=list(providers)))

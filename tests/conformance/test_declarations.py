"""A provider's declaration and its scenario files have no mistakes, and nothing that `mockserver check` warns of."""

from mockserver.http.declaration import declaration_problems
from mockserver.http.lint import judge_of
from mockserver.http.provider import Provider
from mockserver.providers.discovery import data_roots
from mockserver.sandbox.settings import COMMON, SettingsTable
from mockserver.scenario.check import check_file
from mockserver.scenario.library import Library
from tests.conformance.judge import schema_store
from tests.served import scenario_files


def library(provider: Provider) -> Library:
    return Library.of_providers(data_roots("scenarios", [provider]), providers=[provider.name])


def test_the_declaration_has_no_mistakes(provider: Provider) -> None:
    problems = declaration_problems(provider, schema_store(), library(provider))
    assert not problems, "\n".join(problems)


def test_the_scenario_files_have_no_problems(provider: Provider) -> None:
    table = SettingsTable((*COMMON, *provider.settings))
    judge = judge_of({provider.name: provider}.get, table, schema_store(), library(provider))
    files = scenario_files(provider)
    assert files
    problems = [str(one) for file in files for one in check_file(file, [provider.name], judge=judge)]
    assert not problems, "\n".join(problems)

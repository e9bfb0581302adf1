"""Each mistake in a provider's declaration is told in one line, by `mockserver check` and by the start of a server."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.cli import main
from mockserver.domain.errors import NotFound
from mockserver.http.declaration import declaration_problems
from mockserver.http.provider import Annex, Mount, Provider
from mockserver.http.replies import ErrorResponse
from mockserver.http.schemas import SchemaStore
from mockserver.providers.discovery import data_roots
from mockserver.providers.sources import ProviderProblem
from mockserver.sandbox.settings import Setting
from mockserver.scenario.library import Library
from tests.acme.endpoints import ENDPOINTS
from tests.acme.rules import RULES
from tests.distribution import declare
from tests.served import ACME, PROVIDERS

ACME_FOLDER = Path(__file__).parents[1] / "acme"
BUY = next(one for one in ENDPOINTS if one.name == "buy")
SHOW = next(one for one in ENDPOINTS if one.name == "show")


def problems(provider: Provider, *more_schemas: Path) -> list[str]:
    schemas = SchemaStore(*more_schemas, *data_roots("schemas", [provider]))
    return declaration_problems(
        provider, schemas, Library.of_providers(data_roots("scenarios", [provider]), providers=[provider.name])
    )


def with_wrong(**wrong: Any) -> Provider:
    return replace(ACME, **wrong)


def with_endpoint(**wrong: Any) -> Provider:
    """Acme with an endpoint `buy` that differs in this."""
    return with_wrong(endpoints=(*(one for one in ENDPOINTS if one is not BUY), BUY._replace(**wrong)))


def with_rules(**wrong: Any) -> Provider:
    return with_wrong(rules=RULES._replace(**wrong))


def with_setting(*row: Any) -> Provider:
    return with_wrong(settings=(*ACME.settings, Setting(*row)))


@pytest.mark.parametrize("provider", [*PROVIDERS, ACME], ids=lambda one: one.name)
def test_a_good_declaration_has_no_problems(provider: Provider) -> None:
    assert problems(provider) == []


@pytest.mark.parametrize(
    ("provider", "wanted"),
    [
        (with_endpoint(gives="acme/ordr"), "endpoint 'buy', gives: there is no schema 'acme/ordr'"),
        (with_endpoint(gives=None), "endpoint 'buy', gives: must be the name of a schema, not None"),
        (with_endpoint(takes="acme/buy"), "no schema 'acme/buy' (did you mean 'acme/buy.request'?)"),
        (with_endpoint(handler=None), "endpoint 'buy', handler: must be a function, not None"),
        (with_endpoint(mistakes=(ValueError,)), "'buy', mistakes: must be classes of mockserver.domain.errors, not "),
        (with_endpoint(mistakes=("NotFund",)), "not 'NotFund' (did you mean 'NotFound'?)"),
        (with_endpoint(mistakes=NotFound), "endpoints: cannot be read: TypeError: "),
        (with_endpoint(method="post"), "'buy', method: must be one of GET, POST, PUT, PATCH, DELETE: 'post'"),
        (with_endpoint(path="orders"), "endpoint 'buy', path: must begin with a slash, with fields like {order}:"),
        (with_endpoint(path="/orders/{"), "endpoint 'buy', path: must begin with a slash"),
        (with_endpoint(status="201"), "endpoint 'buy', status: must be a number from 100 to 599: '201'"),
        (with_endpoint(limit=20), "endpoint 'buy', limit: must be a Limit, not 20"),
        (with_endpoint(provenance="documentd"), "provenance: is unknown: 'documentd' (did you mean 'documented'?)"),
        (with_endpoint(name="show"), "endpoint 'show', name: is that of another endpoint"),
        (with_endpoint(method="GET", path="/balance"), "endpoint 'buy', path: is that of endpoint 'balance', "),
        (with_endpoint(path="/orders/{id}"), "must name its fields as '/orders/{order}' of endpoint 'show' does"),
        (with_wrong(endpoints=("buy",)), "endpoints: must be Endpoints, not 'buy'"),
        (with_wrong(endpoints=None), "endpoints: cannot be read: TypeError: "),
        (with_wrong(webhooks={"a": "acme/none"}), "webhooks, 'a': there is no schema 'acme/none'"),
        (with_wrong(failure_schema="acme/errorx"), "failure_schema: there is no schema 'acme/errorx' (did you mean "),
        (with_wrong(answer_headers="acme/heads"), "answer_headers: there is no schema 'acme/heads'"),
        (with_wrong(mistakes={"NotFound": ErrorResponse(404, "", "")}), "mistakes: must be classes of "),
        (with_wrong(mistakes={NotFound: 404}), "mistakes, NotFound: must be an ErrorResponse, or a function"),
        (with_wrong(common_mistakes=(OSError,)), "common_mistakes: must be classes of mockserver.domain.errors"),
        (with_wrong(identify=None), "identify: must be a function, not None"),
        (with_wrong(mounts=()), "mounts: must have at least one Mount: nothing would answer"),
        (with_wrong(mounts=(Mount("_mock"),)), "mounts, host: must be a host name in lower case, such as"),
        (with_wrong(mounts=(Mount("~w.example"),)), "mounts, host: must be a host name in lower case, such as"),
        (with_wrong(mounts=(Mount("API.example"),)), "mounts, host: must be a host name in lower case, such as"),
        (with_wrong(mounts=(Mount("a.example", "v1/"),)), "mounts, prefix: must be empty or like /v1"),
        (with_wrong(mounts=("a.example",)), "mounts: must be a Mount, not 'a.example'"),
        (with_wrong(mounts=ACME.mounts * 2), "mounts: api.acme.example/v1 stands here twice"),
        (
            with_wrong(annexes=(Annex(Mount("b.example"), (SHOW._replace(status=0),), ACME.wrap, ACME.refuse),)),
            "endpoint 'show', status: must be a number from 100 to 599: 0",
        ),
        (with_setting("acme.x", "1s", "durations", "?"), "kind: is unknown: 'durations' (did you mean 'duration'?)"),
        (with_setting("acme.x", "5 parsecs", "duration", "?"), "setting 'acme.x', default: "),
        (with_setting("acme.x", "a", "choice", "?", ("b",)), "setting 'acme.x', default: must be one of 'b': 'a'"),
        (with_setting("acme.x", "a", "choice", "?"), "setting 'acme.x', choices: must be there"),
        (with_setting("daisysim.x", "1s", "duration", "?"), "setting 'daisysim.x', name: must begin with 'acme.'"),
        (with_setting(*ACME.settings[0]), "setting 'acme.cancel_after', name: is that of another setting"),
        (with_rules(provider="daisysim"), "rules, provider: must be 'acme', not 'daisysim'"),
        (with_rules(kinds=("activaton",)), "rules, kinds: the scenario quick has no machine for 'activaton' ("),
        (with_rules(kinds="activation"), "rules, kinds: must be a tuple of the kinds of orders"),
        (with_rules(credential="key"), "rules, credential: must be a tuple of names, such as ('key',): 'key'"),
        (with_rules(credential=("my key",)), "rules, credential: must be names of letters, digits, _ and -: 'my key'"),
        (with_rules(credential=("kee",)), "rules, new_credential: must return the parts kee, not {'key': "),
        (with_rules(public="kee"), "rules, public: must be a part of the credential: 'kee' (did you mean 'key'?)"),
        (with_wrong(rules=None), "rules: must be ProviderRules, not None"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_that_says_where_it_is(provider: Provider, wanted: str) -> None:
    lines = [line for line in problems(provider) if wanted in line]
    assert len(lines) == 1, problems(provider)
    assert lines[0].startswith("provider 'acme', ")
    assert "\n" not in lines[0]


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ("{", "schema 'acme/odd': is no JSON Schema: "),
        ("[]", "schema 'acme/odd': is no JSON Schema: "),
        ('{"type": "objectx"}', "schema 'acme/odd': is no JSON Schema: \"objectx\" is not valid"),
        ('{"properties": 5}', "schema 'acme/odd': is no JSON Schema: "),
        ('{"$ref": "mockserver:acme/nothing"}', "schema 'acme/odd': is no JSON Schema: "),
        ('{"$id": "mockserver:acme/even"}', "schema 'acme/odd', $id: must be 'mockserver:acme/odd', not "),
    ],
)
def test_a_schema_file_that_is_none_is_told(tmp_path: Path, schema: str, wanted: str) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "odd.schema.json").write_text(schema)
    [line] = problems(ACME, tmp_path)
    assert line.startswith(f"provider 'acme', {wanted}")


@pytest.fixture
def odd_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A distribution whose provider `odd` has two mistakes in its declaration."""
    folder = tmp_path / "odd_mock"
    for kind in ("scenarios", "schemas"):
        shutil.copytree(ACME_FOLDER / kind / "acme", folder / kind / "odd")
    for file in folder.rglob("*.*"):
        file.write_text(file.read_text().replace("acme", "odd"))
    (folder / "__init__.py").write_text(
        "from dataclasses import replace\n"
        "from mockserver.http.provider import Mount\n"
        "from mockserver.sandbox.settings import Setting\n"
        "from tests.acme import PROVIDER as ACME\n"
        "PROVIDER = replace(ACME, name='odd', mounts=(Mount('odd.example'),),\n"
        "    rules=ACME.rules._replace(provider='odd', kinds=('activaton',)),\n"
        "    settings=(Setting('odd.cancel_after', '5 parsecs', 'duration', 'how long'),),\n"
        "    endpoints=tuple(one._replace(gives=one.gives.replace('acme', 'odd')) for one in ACME.endpoints),\n"
        "    failure_schema='odd/error', webhooks={'order.completed': 'odd/order-completed.webhook'})\n"
    )
    monkeypatch.syspath_prepend(declare(tmp_path, odd="odd_mock:PROVIDER"))
    yield folder
    sys.modules.pop("odd_mock", None)


def told(text: str) -> list[str]:
    return [line for line in text.splitlines() if "provider 'odd'" in line]


def test_check_tells_each_mistake_of_another_distribution(
    odd_installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(odd_installed / "scenarios")]) == 1
    lines = told(capsys.readouterr().out)
    assert [line.startswith(f"{odd_installed}:1:1: provider 'odd', ") for line in lines] == [True] * len(lines)
    assert any("setting 'odd.cancel_after', default: " in line for line in lines)
    assert any("'activaton' (did you mean 'activation'?)" in line for line in lines)
    assert main(["check", "--json", str(odd_installed / "scenarios")]) == 1
    rows: list[Mapping[str, Any]] = json.loads(capsys.readouterr().out)
    assert len(rows) >= len(lines)


def test_a_server_does_not_start_with_a_wrong_declaration(
    odd_installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ProviderProblem, match=r"^provider 'odd', .* more: mockserver check tells all\)$"):
        create_app()
    assert main(["--port", "0", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("mockserver: provider 'odd', ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("field", ["mounts", "endpoints", "settings", "rules", "annexes", "webhooks", "mistakes"])
def test_a_part_of_any_other_type_is_one_line_of_the_start(
    odd_installed: Path, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = odd_installed / "__init__.py"
    module.write_text(f"{module.read_text()}PROVIDER = replace(PROVIDER, {field}=(7,))\n")
    scenarios = odd_installed / "scenarios"
    for command in (["--port", "0", "--quiet"], ["--port", "0", "--quiet", "--scenarios", str(scenarios)]):
        sys.modules.pop("odd_mock", None)
        assert main(command) == 1
        error = capsys.readouterr().err
        assert error.startswith("mockserver: provider 'odd', ")
        assert error.count("\n") == 1

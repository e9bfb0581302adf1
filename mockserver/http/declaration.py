"""Checks a provider's declaration: what is wrong with it is told before the first request, each mistake in one line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from mockserver.domain.suggestions import suggestion
from mockserver.engine.dice import Dice
from mockserver.http.declared_endpoints import Wrong, endpoint_problems, error_problems, fits, schema_problems
from mockserver.http.provider import Annex, Mount, Provider
from mockserver.http.replies import ErrorResponse
from mockserver.http.schemas import ID_PREFIX, SchemaStore
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.settings import COMMON, Kind, Setting
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.problems import ScenarioProblems

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_PART = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_KINDS = get_args(Kind)


def declaration_problems(
    provider: Provider, schemas: SchemaStore, scenarios: Library, *, compile_schemas: bool = True
) -> list[str]:
    """Return a line for each mistake in a provider's declaration and schema files; an empty list where all is well.

    Each names the provider, the endpoint or other part, and the field. `schemas` and `scenarios` are those of the
    provider's folders, and may have others. Without `compile_schemas` it takes a few milliseconds, and a schema file
    is only read.
    """
    parts: Mapping[str, Iterator[Wrong]] = {
        "functions": _functions(provider),
        "mounts": _mounts(provider),
        "endpoints": endpoint_problems(provider, schemas),
        "mistakes": _mistakes(provider),
        "schemas": _envelopes(provider, schemas),
        "settings": _settings(provider),
        "rules": _rules(provider, scenarios),
        "schema files": _schema_files(provider, schemas, compile_schemas=compile_schemas),
    }
    wrong = [row for name, rows in parts.items() for row in _carefully(name, rows)]
    return [f"provider {provider.name!r}, {at}: {' '.join(text.split())}" for at, text in wrong]


def _carefully(name: str, rows: Iterator[Wrong]) -> Iterator[Wrong]:
    """Yield the rows; values of types that nobody expects there are a mistake like any other."""
    try:
        yield from rows
    except (AttributeError, TypeError) as error:
        yield name, f"cannot be read: {type(error).__name__}: {error}"


def _functions(provider: Provider) -> Iterator[Wrong]:
    for name in ("identify", "wrap", "refuse"):
        if not callable(getattr(provider, name)):
            yield name, f"must be a function, not {getattr(provider, name)!r}"


def _mounts(provider: Provider) -> Iterator[Wrong]:
    if not provider.mounts:
        yield "mounts", "must have at least one Mount: nothing would answer"
    seen: set[tuple[Any, Any]] = set()
    named = [("mounts", mount) for mount in provider.mounts]
    for at, mount in (*named, *(("annexes, mount", annex.mount) for annex in provider.annexes)):
        if not isinstance(mount, Mount):
            yield at, f"must be a Mount, not {mount!r}"
        elif not fits(_HOST, mount.host):
            yield f"{at}, host", f"must be a host name in lower case, such as api.example.com: {mount.host!r}"
        elif not fits(_PREFIX, mount.prefix):
            yield f"{at}, prefix", f"must be empty or like /v1, without a slash at its end: {mount.prefix!r}"
        elif (mount.host, mount.prefix) in seen:
            yield at, f"{mount.host}{mount.prefix} stands here twice"
        else:
            seen.add((mount.host, mount.prefix))


def _mistakes(provider: Provider) -> Iterator[Wrong]:
    yield from error_problems("mistakes", provider.mistakes)
    yield from error_problems("common_mistakes", provider.common_mistakes)
    for kind, response in provider.mistakes.items():
        if not isinstance(response, ErrorResponse) and not callable(response):
            yield f"mistakes, {kind.__name__}", f"must be an ErrorResponse, or a function for one: {response!r}"


def _envelopes(provider: Provider, schemas: SchemaStore) -> Iterator[Wrong]:
    yield from schema_problems("failure_schema", provider.failure_schema, schemas)
    yield from schema_problems("answer_headers", provider.answer_headers, schemas, optional=True)
    for annex in provider.annexes:
        if isinstance(annex, Annex):
            yield from schema_problems("annexes, failure_schema", annex.failure_schema, schemas, optional=True)
    for event, schema in provider.webhooks.items():
        yield from schema_problems(f"webhooks, {event!r}", schema, schemas)


def _settings(provider: Provider) -> Iterator[Wrong]:
    names = {row.name for row in COMMON}
    for row in provider.settings:
        if not isinstance(row, Setting):
            yield "settings", f"must be Settings, not {row!r}"
            continue
        at = f"setting {row.name!r}"
        if not str(row.name).startswith(f"{provider.name}."):
            yield f"{at}, name", f"must begin with {provider.name + '.'!r}"
        if row.name in names:
            yield f"{at}, name", "is that of another setting"
        names.add(row.name)
        if row.kind not in _KINDS:
            yield f"{at}, kind", f"is unknown: {row.kind!r} ({suggestion(str(row.kind), _KINDS)})"
        elif row.kind == "choice" and not row.choices:
            yield f"{at}, choices", "must be there for a setting of kind 'choice'"
        elif problem := row.problem(row.default):
            yield f"{at}, default", problem


def _rules(provider: Provider, scenarios: Library) -> Iterator[Wrong]:
    rules = provider.rules
    if not isinstance(rules, ProviderRules):
        yield "rules", f"must be ProviderRules, not {rules!r}"
        return
    if rules.provider != provider.name:
        yield "rules, provider", f"must be {provider.name!r}, not {rules.provider!r}"
    kinds: Any = rules.kinds
    if not kinds or isinstance(kinds, str):
        yield "rules, kinds", f"must be a tuple of the kinds of orders: {kinds!r}"
    else:
        yield from _kinds(provider.name, kinds, scenarios)
    yield from _credential(rules)


def _kinds(provider: str, kinds: Iterable[str], scenarios: Library) -> Iterator[Wrong]:
    try:
        machines = list(scenarios.default(provider).machines)
    except (KeyError, ScenarioProblems):
        return  # The check of scenario files tells that.
    for kind in kinds:
        if kind not in machines:
            yield "rules, kinds", f"the scenario {DEFAULT} has no machine for {kind!r} ({suggestion(kind, machines)})"


def _credential(rules: ProviderRules) -> Iterator[Wrong]:
    parts: Any = rules.credential
    if not parts or isinstance(parts, str):
        yield "rules, credential", f"must be a tuple of names, such as ('key',): {parts!r}"
        return
    for part in parts:
        if not fits(_PART, part):
            yield "rules, credential", f"must be names of letters, digits, _ and -: {part!r}"
    if rules.public is not None and rules.public not in parts:
        yield "rules, public", f"must be a part of the credential: {rules.public!r} ({suggestion(rules.public, parts)})"
    try:
        made: Any = rules.new_credential(Dice("declaration"), "someone")
    except Exception as error:
        yield "rules, new_credential", f"raises {type(error).__name__}: {error}"
        return
    if not isinstance(made, Mapping) or set(made) != set(parts):
        yield "rules, new_credential", f"must return the parts {', '.join(map(str, parts))}, not {made!r}"


def _schema_files(provider: Provider, schemas: SchemaStore, *, compile_schemas: bool) -> Iterator[Wrong]:
    for name in schemas.names_in(provider.name):
        try:
            identity = schemas.load(name).get("$id")
            if compile_schemas:
                schemas.checker(name).compile()
        except Exception as error:  # Whatever a file that is no JSON Schema leads to.
            reason = str(error).partition("\n")[0] or type(error).__name__
            yield f"schema {name!r}", f"is no JSON Schema: {reason}"
            continue
        if identity != ID_PREFIX + name:
            yield f"schema {name!r}, $id", f"must be {ID_PREFIX + name!r}, not {identity!r}"

"""The pages of `docs/` that are made from the code, as Markdown: scenarios, settings, configuration, control API."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from mockserver import config
from mockserver.control.app import OPERATIONS
from mockserver.control.operation import Operation
from mockserver.http.provider import Provider
from mockserver.providers.discovery import bundled_providers
from mockserver.resources import bundled
from mockserver.sandbox.settings import COMMON, Setting
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.model import Scenario
from mockserver.scenario.placeholders import with_settings

_LIBRARY = """\
# The bundled scenarios

<!-- Made by `mockserver reference library`; edit `about` and `teaches` in the scenario files instead. -->

A scenario decides what an API does: how orders live, what is sold out, what fails. `quick` is each provider's default
and lies underneath all others. Make others active with `PUT /_mock/scenarios/active` `["NAME", "NAME"]`; the first rule
that matches a request decides. `GET /_mock/scenarios` has this list as JSON. To write one, see
[your own scenarios](own-scenarios.md).
"""

_SETTINGS = """\
# Settings of a sandbox

<!-- Made by `mockserver reference settings`; edit the provider's declaration instead. -->

Every sandbox has these settings. `GET /_mock/settings?help=1` lists them, `PATCH /_mock/settings` changes some, and
`settings` in the body of `POST /_mock/sandboxes` or in a scenario file sets them from the start. A duration is a text
such as `90s`, `10m`, `1h30m` or `1d`, or a number of seconds. Where the vendor documents nothing and a client could
depend on it, there is a setting.
"""

_CONFIGURATION = """\
# Configuration

<!-- Made by `mockserver reference configuration`; edit the settings table in mockserver/config.py instead. -->

A flag wins over its environment variable, the variable over the default. An empty variable counts as not set, and so
does the URL of an orchestrator where a number belongs (Kubernetes sets `MOCKSERVER_PORT=tcp://10.0.0.1:7460` for a
service of that name). Flags may stand before or after `serve`, which is what `mockserver` does without a command.
"""

_CONTROL = """\
# Operations of the control API

<!-- Made by `mockserver reference control`; edit the operations in mockserver/control/ instead. -->

Every operation under `/_mock`, as a running server's `/_mock/openapi.json` has them with their schemas. Put `/~NAME` in
front of `/_mock` for another sandbox than the default one. [The control API](control-api.md) shows how to use them.
"""


def library_page() -> str:
    """Return the page of the bundled scenarios of every provider, and of the magic values in them."""
    providers = bundled_providers()
    library = Library.of_providers([bundled("scenarios")], providers=[provider.name for provider in providers])
    parts = [_LIBRARY]
    for provider in providers:
        parts += [*_heading(provider), *_scenarios(provider, library), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def settings_page() -> str:
    """Return the page of the settings of every sandbox, then of each provider."""
    parts = [_SETTINGS, "## Of every sandbox\n", *_setting_rows(COMMON), ""]
    for provider in bundled_providers():
        parts += [*_heading(provider), *_setting_rows(provider.settings), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def configuration_page(program: click.Group) -> str:
    """Return the page of a server's settings, then of the program's commands with their options."""
    parts = [_CONFIGURATION, "## Flags and variables\n", *_configuration_rows(), "", "## Commands", ""]
    parts.append("Exit codes: 0 success, 1 the work failed, 2 a mistake in the command line.")
    for path, command in _commands(program, "mockserver"):
        parts += ["", *_command(path, command)]
    return "\n".join(parts).rstrip("\n") + "\n"


def control_page() -> str:
    """Return the page of the control API's operations, by noun."""
    nouns: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        nouns.setdefault(operation.path.split("/")[1] if operation.path else "", []).append(operation)
    parts = [_CONTROL]
    for noun, operations in sorted(nouns.items()):
        parts += [f"## {noun.partition('.')[0].capitalize() or 'The index'}", ""]
        parts += [*_table(("operation", "what it does", "query", "body"), map(_operation, operations)), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _operation(operation: Operation) -> tuple[str, str, str, str]:
    free = " No token is needed." if operation.open or operation.tokenless else ""
    query = "; ".join(f"`{name}`: {_words(parameter)}" for name, parameter in operation.query.items())
    return f"`{operation.method} /_mock{operation.path}`", f"{operation.summary}.{free}", query, _body(operation)


def _words(parameter: str | Mapping[str, Any]) -> str:
    """Return the description of a query parameter, from its sentence or its schema."""
    text = parameter if isinstance(parameter, str) else str(parameter.get("description", ""))
    return text.rstrip(".")


def _body(operation: Operation) -> str:
    schema = operation.takes or operation.reads
    if schema is None:
        return "" if operation.media == "application/json" else f"`{operation.media}`"
    if "properties" not in schema:
        return str(schema.get("description", schema.get("type", "JSON"))).rstrip(".")
    needed = schema.get("required", ())
    names = ", ".join(f"`{name}`{' (required)' if name in needed else ''}" for name in schema["properties"])
    others = schema.get("additionalProperties")
    return f"{names}. {_words(others)}" if isinstance(others, dict) else names


def _heading(provider: Provider) -> list[str]:
    return [f"## {provider.title}", "", f'<a id="{provider.name}"></a>', ""]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _scenarios(provider: Provider, library: Library) -> Iterator[str]:
    names = sorted(library.names(provider.name), key=lambda name: (name != DEFAULT, name))
    scenarios = [library.get(provider.name, name) for name in names]
    rows = [(f"`{scenario.name}`", scenario.about, scenario.teaches) for scenario in scenarios]
    yield from _table(("scenario", "what happens", "what a client learns"), rows)
    yield from _magic(scenarios, {setting.name: setting.default for setting in provider.settings})


def _magic(scenarios: Iterable[Scenario], defaults: Mapping[str, Any]) -> Iterator[str]:
    values = [
        (
            magic_value.where,
            f"`{magic_value.value}`",
            with_settings(magic_value.effect, defaults),
            magic_value.provenance,
        )
        for scenario in scenarios
        for magic_value in scenario.magic
    ]
    if values:
        yield from ("", "Values that decide an outcome (`GET /_mock/magic`):", "")
        yield from _table(("where", "value", "what happens", "provenance"), values)


def _setting_rows(settings: Iterable[Setting]) -> Iterator[str]:
    rows = [
        (f"`{setting.name}`", f"`{json.dumps(setting.default)}`", _values(setting), setting.help)
        for setting in settings
    ]
    return _table(("setting", "default", "values", "what it says"), rows)


def _values(setting: Setting) -> str:
    kinds = {"boolean": "`true`, `false`", "whole": "whole number", "duration": "duration", "text": "text"}
    if setting.kind == "choice":
        return ", ".join(f"`{json.dumps(choice)}`" for choice in setting.choices)
    return kinds[setting.kind]


def _configuration_rows() -> Iterator[str]:
    rows = []
    for name, option, default in config.table():
        flag = f"`{config.flag_of(name)}{' ' if option.metavar else ''}{option.metavar}`"
        usual = "" if default in (None, (), False) else f"`{default}`"
        rows.append((flag, f"`{config.variable_of(name)}`", usual, option.help + _repeatable(option)))
    return _table(("flag", "variable", "default", "what it says"), rows)


def _repeatable(option: config.Option) -> str:
    if option.separator is None:
        return ""
    # Only the separator of lists of directories differs between systems.
    between = "," if option.separator == "," else "the separator of `PATH`"
    return f" Repeatable; {'`,`' if between == ',' else between} stands between the values of the variable."


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name in sorted(group.commands):
        command = group.commands[name]
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


_TAKES_ALL = "Takes the flags above."


def _command(path: str, command: click.Command) -> Iterator[str]:
    usage = " ".join([path, *command.collect_usage_pieces(click.Context(command, info_name=path))])
    yield f"### `{path}`"
    for paragraph in (f"`{usage}`", *_paragraphs(command.help or "")):
        yield from ("", paragraph)
    options = [option for option in command.params if isinstance(option, click.Option)]
    if path in ("mockserver serve", "mockserver run"):
        options = [option for option in options if not _is_in_table(option)]
        yield from ("", "Takes the flags above, where the table below says nothing else." if options else _TAKES_ALL)
    if options:
        yield ""
        yield from _table(("option", "what it says"), [_option(option) for option in options])


def _is_in_table(option: click.Option) -> bool:
    """Return whether the option is a flag of the settings table with the same meaning."""
    beginnings = {name: f"{row.help} [{config.variable_of(name)}" for name, row, _ in config.table()}
    return option.name in beginnings and (option.help or "").startswith(beginnings[option.name])


def _paragraphs(help_text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in help_text.strip().split("\n\n")]


def _option(option: click.Option) -> tuple[str, str]:
    names = ", ".join(option.opts)
    value = "" if option.is_flag else f" {option.metavar or _kind(option)}"
    usual: Any = option.default if option.show_default else None
    return f"`{names}{value}`", (option.help or "") + (f" Default: `{usual}`." if usual else "")


def _kind(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.type.name.upper()

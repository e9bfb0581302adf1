"""Prints the scenario reference as Markdown, from the schema that files are checked against."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.config import DEFAULT_PORT
from mockserver.scenario.beyond_schema import BEYOND_SCHEMA
from mockserver.scenario.problems import MOST
from mockserver.scenario.schema import scenario_schema
from mockserver.scenario.source import MOST_ITEMS, MOST_KEYS, MOST_VALUES

Schema = Mapping[str, Any]
#: Longer lines of examples are broken.
_WIDTH = 110

_HEAD = """\
# Scenario files

<!-- Made by `mockserver reference`; edit schemas/scenario.schema.json instead. -->

A scenario says what a mocked provider does: how its orders live, which requests get other outcomes, which accounts
exist. It is a YAML file `DIR/PROVIDER/NAME.yaml` of a directory that `--scenarios DIR` names, or a body posted to
`/_mock/scenarios`. Scalars follow the rules of JSON: `NO` and `on` are texts, and only `true`, `false`, `null` and
JSON numbers are not.

Several scenarios can be active at once (`PUT /_mock/scenarios/active` `["one", "two"]`). The provider's default,
`quick`, lies underneath them all. A rule can decide several aspects of a request, such as its delays or the stock; for
each aspect the first matching rule that covers it decides, in the order of the list. `GET /_mock/requests/ID` and
`mockserver explain ID` name that rule and its scenario, and the rules that nearly matched. The machine is that of the
first scenario in the list that has one.

A file has at most 1 MiB, {values:,} values, {items:,} items in a list and {keys} keys in an object.

`mockserver check FILE...` reports mistakes with file, line and column, the first {problems} of a file. With
`mockserver --watch --scenarios DIR` a saved file is in force within a second; a bad one is reported and changes
nothing, and running orders keep the scenario that they began with. `mockserver graph PROVIDER` draws a machine.

**In an editor**, the [schema](../schemas/scenario.schema.json) completes and explains every key. A running server has
it with its own providers' names and settings at `/_mock/scenarios/schema.json`; `mockserver reference --schema` prints
it. Editors with the YAML language server (VS Code, Neovim and others) take it from a first line like

```yaml
# yaml-language-server: $schema=http://localhost:{port}/_mock/scenarios/schema.json
```

Every example below is executed by a test.
"""


_BEYOND = """\
These rules cannot be written in the schema, so an editor does not know them. The loader and `mockserver check` check
them:
"""


def reference() -> str:
    """Return the whole document; it is the same for the same schema."""
    schema = scenario_schema()
    head = _HEAD.format(port=DEFAULT_PORT, values=MOST_VALUES, items=MOST_ITEMS, keys=MOST_KEYS, problems=MOST)
    parts = [head, *_section("The file", schema, level=2)]
    for name, kind in schema["$defs"].items():
        if "title" in kind:
            parts += _section(kind["title"], kind, level=2, anchor=name)
    parts += ["## Beyond the schema\n", _BEYOND, *(f"- {beyond.rule}" for beyond in BEYOND_SCHEMA), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(title: str, schema: Schema, *, level: int, anchor: str = "") -> Iterator[str]:
    yield f"{'#' * level} {title}\n"
    if anchor:
        yield f'<a id="{anchor}"></a>\n'
    if "description" in schema:
        yield f"{schema['description']}\n"
    rows = list(_rows(schema))
    if rows:
        yield "| key | value | default | what it says |"
        yield "| --- | --- | --- | --- |"
        yield from rows
        yield ""
    for example in schema.get("examples", ()):
        yield f"```yaml\n{as_yaml(example)}\n```\n"


def _rows(schema: Schema) -> Iterator[str]:
    """Yield a table row for each key, also for the keys of alternatives."""
    required = schema.get("required", ())
    for part in (schema, *(schema[key] for key in ("then", "else") if isinstance(schema.get(key), dict))):
        for key, member in part.get("properties", {}).items():
            if member.keys() <= {"not"}:
                continue
            default = f"`{as_yaml(member['default'])}`" if "default" in member else ""
            needed = "**required**" if key in required else default
            text = member.get("description") or member.get("title", "")
            yield f"| `{key}` | {_cell(_value(member))} | {needed} | {_cell(text)} |"


def _value(schema: Schema) -> str:
    """Return the allowed values of a key in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})" if "title" in scenario_schema()["$defs"].get(name, {}) else _PLAIN.get(name, name)
    if "enum" in schema:
        return ", ".join(f"`{as_yaml(option)}`" for option in schema["enum"])
    if "const" in schema:
        return f"`{as_yaml(schema['const'])}`"
    kinds = schema.get("type", "anything")
    words = [_KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    if kinds == "array" and "items" in schema:
        return f"list of {_value(schema['items'])}"
    inner = schema.get("additionalProperties")
    if kinds == "object" and isinstance(inner, dict):
        return f"names to {_value(inner)}"
    return " or ".join(words)


_KINDS = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "object": "object",
    "string": "text",
}
_PLAIN = {"money": 'amount in quotes, `"12.50"`', "values": "list of values", "amount": "number"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def as_yaml(data: Any, indent: int = 0) -> str:
    """Return data as people write YAML: short values in the line of their key, longer ones below, indented.

    `indent` is in spaces. The first line is not indented: it continues the caller's line.
    """
    if _fits(data, indent):
        return _flow(data)
    pad = "\n" + " " * indent
    if isinstance(data, list):
        return pad.join(f"- {as_yaml(item, indent + 2)}" for item in data)
    return pad.join(f"{_scalar(key)}:{_under(value, indent)}" for key, value in data.items())


def _under(value: Any, indent: int) -> str:
    if _fits(value, indent + 8):
        return f" {_flow(value)}"
    return f"\n{' ' * (indent + 2)}{as_yaml(value, indent + 2)}"


def _fits(data: Any, indent: int) -> bool:
    if not isinstance(data, dict | list) or not data:
        return True
    # Lists of objects read better with one item per line; so does an object that is a whole example.
    tall = isinstance(data, list) and len(data) > 1 and any(isinstance(item, dict) and len(item) > 1 for item in data)
    tall = tall or (indent == 0 and isinstance(data, dict) and len(data) > 2 and len(_flow(data)) > 80)
    return not tall and len(_flow(data)) + indent <= _WIDTH


def _flow(data: Any) -> str:
    if isinstance(data, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_flow, data)) + "]"
    return _scalar(data)


def _scalar(data: Any) -> str:
    if isinstance(data, str) and _PLAIN_TEXT.fullmatch(data) and data not in ("true", "false", "null"):
        return data
    return json.dumps(data, ensure_ascii=False)


#: Texts that need no quotes in YAML, also within brackets.
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9]*[A-Za-z_][A-Za-z0-9_.@-]*|[A-Za-z][A-Za-z0-9_.;' -]*[A-Za-z0-9.]")

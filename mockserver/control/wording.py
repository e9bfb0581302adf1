"""Words the errors of the control API's bodies: lower case, the rule, the value, and a suggestion."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mockserver.domain.suggestions import did_you_mean, suggestion
from mockserver.http.checking import Errors
from mockserver.journal.names import SECRET_NAMES

if TYPE_CHECKING:
    from mockserver.http.explaining import Broken

_LONGEST_SHOWN = 100
#: How many unknown names get a suggestion: looking for it takes a while.
_MOST_SUGGESTED = 5
#: Rules that say how large a value is; the value itself says no more.
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "uniqueItems")
_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


def word(broken: "Broken") -> str:
    """Return the rule and the value, such as `must be a whole number: 'five'`; never the value of a secret."""
    from mockserver.http.explaining import TOO_DEEP, rule_of

    match broken.keyword:
        case "additionalProperties":
            return "unknown member"
        case "type":
            types = [broken.expected] if isinstance(broken.expected, str) else broken.expected
            rule = f"must be {' or '.join(_TYPES[name] for name in types)}"
        case "enum":
            rule = f"must be one of {', '.join(map(str, broken.expected))}"
        case "pattern":
            rule = f"must match {broken.expected}"
        case _:
            rule = rule_of(broken.keyword, broken.expected)
    if broken.keyword in ("required", TOO_DEEP, *_SIZES) or any(str(part) in SECRET_NAMES for part in broken.path):
        return rule
    hint = ""
    if broken.keyword == "enum" and isinstance(broken.value, str):
        hint = did_you_mean(broken.value, map(str, broken.expected))
    return f"{rule}: {_shown(broken.value)}{hint}"


def with_suggestions(errors: Errors, schema: Mapping[str, Any]) -> Errors:
    """Return the errors, with a suggestion for members that the schema does not know, at any depth."""
    hints: Errors = {}
    for field, texts in errors.items():
        if texts == ["unknown member"] and len(hints) < _MOST_SUGGESTED:
            parent, _, name = field.rpartition(".")
            hints[field] = [f"unknown member ({suggestion(name, _members(schema, parent))})"]
    return errors | hints


def _members(schema: Mapping[str, Any], path: str) -> list[str]:
    """Return the members that the object at a dotted path may have."""
    for part in path.split(".") if path else ():
        schema = schema.get("items", {}) if part.isdecimal() else schema.get("properties", {}).get(part, {})
    return list(schema.get("properties", {}))


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."

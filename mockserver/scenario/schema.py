"""Checks scenario files against `schemas/scenario.schema.json`, with error messages of our own."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.scenario.problems import Report, Trail, shown, trail_text, unknown_key

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
#: The schema of what a comparison takes.
_OPERANDS: Mapping[str, Mapping[str, Any]] = {
    "value": {"$ref": "#/$defs/value"},
    "values": {"$ref": "#/$defs/values"},
    "number": {"$ref": "#/$defs/amount"},
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
}


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, parsed anew.

    The comparisons of matchers, `wire` and `webhook` are made from their tables.
    """
    import json

    from mockserver.engine.matching import COMPARISONS
    from mockserver.faults.webhook_kinds import webhook_schema
    from mockserver.faults.wire_kinds import wire_schema
    from mockserver.resources import bundled

    loaded: dict[str, Any] = json.loads((bundled("schemas") / "scenario.schema.json").read_text(encoding="utf-8"))
    loaded["$defs"]["matcher"]["properties"] = {
        name: {"description": comparison.about, **_OPERANDS[comparison.takes]}
        for name, comparison in COMPARISONS.items()
    }
    loaded["$defs"]["fault"]["properties"] |= {"wire": wire_schema(), "webhook": webhook_schema()}
    return loaded


def check_schema(data: Any, report: Report) -> None:
    """Report every violation of the schema that was not reported before."""
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(scenario_schema()).iter_errors(data):
        trail = tuple(error.absolute_path)
        if "propertyNames" in error.absolute_schema_path:
            key = _found(error)
            report.error((*trail, key), f"{_rule(error)}: {shown(key)}", at_key=True)
        elif error.validator == "additionalProperties":
            _unknown_keys(error, report, trail)
        elif error.validator == "required":
            for key in _wanted(error):
                if key not in _found(error):
                    report.error((*trail, key), f"{key} is missing{f' in {trail_text(trail)}' if trail else ''}")
        elif error.validator == "dependentRequired":
            _lonely_keys(error, report, trail)
        else:
            report.error(trail, _message(error, trail_text(trail)))


def _wanted(error: "ValidationError") -> Any:
    return error.validator_value


def _found(error: "ValidationError") -> Any:
    return error.instance


def _unknown_keys(error: "ValidationError", report: Report, trail: Trail) -> None:
    # The schema of a validation error is the object that the error comes from.
    known = list(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else []
    for key in _found(error):
        if key not in known:
            unknown_key(report, trail, key, known=known, present=_found(error))


def _lonely_keys(error: "ValidationError", report: Report, trail: Trail) -> None:
    for key, needed in _wanted(error).items():
        for other in needed:
            if key in _found(error) and other not in _found(error):
                report.error((*trail, key), f"{key} needs {other} beside it", at_key=True)


def _rule(error: "ValidationError") -> str:
    words = error.schema.get("patternErrorMessage") if isinstance(error.schema, Mapping) else None
    return str(words or f"must match {_wanted(error)}")


def _message(error: "ValidationError", name: str) -> str:
    say = _MESSAGES.get(str(error.validator))
    return say(error, name) if say is not None else f"{name}: {error.message}"


def _kinds(names: str | Iterable[str]) -> str:
    words = [_KINDS[names]] if isinstance(names, str) else [_KINDS[name] for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


_MESSAGES: dict[str, Callable[["ValidationError", str], str]] = {
    "type": lambda error, name: f"{name} must be {_kinds(_wanted(error))}, not {shown(_found(error))}",
    "enum": lambda error, name: (
        f"{name} must be one of {', '.join(map(str, _wanted(error)))}, not {shown(_found(error))}"
    ),
    "const": lambda error, name: f"{name} must be {shown(_wanted(error))}, not {shown(_found(error))}",
    "not": lambda error, name: f"{name} may not stand here",
    "pattern": lambda error, name: f"{name}: {_rule(error)}: {shown(_found(error))}",
    "minimum": lambda error, name: f"{name} must be at least {_wanted(error)}: {shown(_found(error))}",
    "maximum": lambda error, name: f"{name} must be at most {_wanted(error)}: {shown(_found(error))}",
    "minLength": lambda error, name: f"{name} must not be empty",
    "maxLength": lambda error, name: f"{name} must have at most {_wanted(error)} characters",
    "minItems": lambda error, name: f"{name} must have at least {_wanted(error)} items",
    "maxItems": lambda error, name: f"{name} must have at most {_wanted(error)} items",
    "minProperties": lambda error, name: f"{name} must have at least {_wanted(error)} keys",
    "maxProperties": lambda error, name: f"{name} must have at most {_wanted(error)} keys",
    "uniqueItems": lambda error, name: f"{name} must not name anything twice",
}

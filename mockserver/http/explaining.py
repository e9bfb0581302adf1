"""Explains in sentences why data breaks a schema. Imports jsonschema, so import this only to refuse something."""

import re
from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from itertools import islice
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

#: The field name that stands for the body as a whole.
BODY = "body"
#: Stands for a keyword where a value is too long or too deep to be judged.
TOO_DEEP = "too deep"

# A hostile body may break the schema in very many places; more messages help nobody.
_MOST_ERRORS = 100
_LONGEST_NAME = 100

_ESCAPE_CLASS_OR_DOLLAR = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|\$", re.DOTALL)
_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


class Broken(NamedTuple):
    """A rule that a value breaks: where it is, the keyword of the schema, what that asks for, and the value."""

    path: tuple[str | int, ...]
    keyword: str
    expected: Any
    value: Any

    @property
    def field(self) -> str:
        """The dotted name of the field, `body` for the whole body; safe to encode, and cut where it is very long."""
        return _field_name(self.path)


#: Words a broken rule.
Word = Callable[[Broken], str]


def sentence(broken: Broken) -> str:
    """Word a broken rule for the clients of providers, such as `The size field must be an integer.`."""
    subject = f"The {broken.field} field" if broken.path else "The body"
    return f"{subject} {rule_of(broken.keyword, broken.expected)}."


class Explainer:
    """A jsonschema validator that judges as the compiled one does, and words the errors."""

    def __init__(
        self, schema: dict[str, Any], retrieve: Callable[[str], dict[str, Any]], word: Word = sentence
    ) -> None:
        self._word = word
        checker = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
        rules = {"multipleOf": _multiple_of, "pattern": _pattern, "additionalProperties": _additional}
        kind = extend(Draft202012Validator, rules, type_checker=checker)  # type: ignore[no-untyped-call]
        registry: Registry[Any] = Registry(
            retrieve=lambda uri: Resource.from_contents(_bare(retrieve(uri)), default_specification=DRAFT202012)  # type: ignore[call-arg]
        )
        self._validator = kind(_bare(schema), registry=registry)

    def explain(self, data: Any) -> dict[str, list[str]]:
        """Return sentences by dotted field name, `body` for the whole body; empty where the data is valid."""
        try:
            return _worded(list(islice(self._validator.iter_errors(data), _MOST_ERRORS)), self._word)
        except (ValueError, ArithmeticError, RecursionError):
            # jsonschema puts values into its messages, and so fails on what has no text: integers of
            # thousands of digits, very deep nesting.
            return {BODY: [self._word(Broken((), TOO_DEEP, None, None))]}


def _additional(validator: Any, allowed: Any, instance: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    """Check `additionalProperties: false` quickly: jsonschema would sort and print all properties for its message."""
    if allowed is not False:
        yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, allowed, instance, schema)
    elif isinstance(instance, dict) and _extras_of(instance, schema):
        yield ValidationError("other properties are not allowed")


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema without `$schema`, for which jsonschema would choose a validator without our rules."""
    return {key: value for key, value in schema.items() if key != "$schema"}


def _worded(validation_errors: list[ValidationError], word: Word) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    mistyped: set[str] = set()
    for error in validation_errors:
        for broken in _rules(error):
            field, text = broken.field, word(broken)
            # A value of the wrong type breaks other rules only in consequence.
            if error.validator == "type" and field not in mistyped:
                mistyped.add(field)
                errors[field] = [text]
            elif field not in mistyped and text not in errors.setdefault(field, []):
                errors[field].append(text)
    return errors


def _field_name(path: tuple[str | int, ...]) -> str:
    """Return the dotted name, safe to encode, and cut where it is very long."""
    name = ".".join(str(part) for part in path) or BODY
    return name[:_LONGEST_NAME].encode("utf-8", "backslashreplace").decode()


def _rules(error: ValidationError) -> Iterator[Broken]:
    """Yield each rule that an error is about."""
    path = tuple(error.absolute_path)
    expected: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = [name for name in expected if name not in instance]
            yield from (Broken((*path, name), "required", True, None) for name in missing)
        case "additionalProperties":
            yield from (Broken((*path, name), "additionalProperties", False, None) for name in _extras(error))
        case "anyOf" | "oneOf" if (best := best_match([error])) is not None and best is not error:
            yield from _rules(best)
        case _:
            yield Broken(path, str(error.validator), expected, instance)


def _extras(error: ValidationError) -> list[str]:
    instance: Any = error.instance
    return _extras_of(instance, error.schema if isinstance(error.schema, dict) else {})


def _extras_of(instance: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    names = (name for name in instance if name not in known)
    return list(
        islice((name for name in names if not any(re.search(pattern, name) for pattern in patterns)), _MOST_ERRORS)
    )


def rule_of(keyword: str, expected: Any) -> str:
    """Return the rule as the end of a sentence about the field, such as `must be at least 1`."""
    match keyword:
        case "required":
            return "is required"
        case "additionalProperties":
            return "is not allowed"
        case _ if keyword == TOO_DEEP:
            return "has a value that is too long or nested too deeply"
        case "type":
            types = [expected] if isinstance(expected, str) else expected
            return f"must be {' or '.join(_TYPES[name] for name in types)}"
        case "enum":
            return f"must be one of: {', '.join(_text(value) for value in expected)}"
        case "const":
            return f"must be {_text(expected)}"
        case "minimum":
            return f"must be at least {_text(expected)}"
        case "maximum":
            return f"must not be greater than {_text(expected)}"
        case "exclusiveMinimum":
            return f"must be greater than {_text(expected)}"
        case "exclusiveMaximum":
            return f"must be less than {_text(expected)}"
        case "multipleOf":
            return f"must be a multiple of {_text(expected)}"
        case "minLength" | "minItems" | "minProperties" if expected == 1:
            return "must not be empty"
        case "minLength" | "minItems" | "minProperties":
            return f"must have at least {expected} {_unit(keyword)}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"must not have more than {expected} {_unit(keyword)}"
        case "uniqueItems":
            return "must not have the same item twice"
        case "pattern":
            return "has the wrong format"
        case "None":
            return "is not allowed"
    return "is invalid"


def _unit(keyword: str) -> str:
    return {"Length": "characters", "Items": "items", "Properties": "fields"}[keyword[3:]]


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _is_number(_checker: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return isinstance(value, int) or Decimal(value).is_finite()


def _is_integer(checker: Any, value: Any) -> bool:
    return _is_number(checker, value) and not _remains(value, 1)


def _remains(value: float | Decimal, unit: float) -> bool:
    """Return whether the value is no multiple of the unit; in decimal arithmetic, so 1.14 is 11400 times 0.0001."""
    exact = Context(prec=1000)
    return bool(exact.remainder(_decimal(value), _decimal(unit)))


def _decimal(value: float | Decimal) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _multiple_of(_validator: Any, unit: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if _is_number(None, value) and _remains(value, unit):
        yield ValidationError("not a multiple")


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    # ECMA 262, which JSON Schema prescribes, has `$` match at the very end only, not before a last newline.
    strict = _ESCAPE_CLASS_OR_DOLLAR.sub(lambda match: r"\Z" if match[0] == "$" else match[0], pattern)
    if isinstance(value, str) and not re.search(strict, value, re.ASCII):
        yield ValidationError("does not match")

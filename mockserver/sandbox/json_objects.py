"""Named tuples and dataclasses as JSON objects and back, by msgspec and the fields that the classes declare.

msgspec writes a named tuple as an array, which is short in rows but unreadable in a document. Here each class gets
two structs with its fields, made at first use: one that is an array, one that is an object.
"""

import re
from abc import ABC, ABCMeta
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from mockserver.domain.moments import moment_text, parse_moment, parse_span, span_text

T = TypeVar("T")
#: Values of these types pass between structs unchanged.
_SCALARS = (datetime, timedelta, Decimal)
_WORDS: Mapping[str, str] = {
    "str": "a text",
    "int": "a whole number",
    "bool": "true or false",
    "float": "a number",
    "object": "an object",
    "array": "a list",
}
_AT = re.compile(r"(?P<rule>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<place>\d+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"Object (?P<rule>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_TYPE = re.compile(r"Expected `(?P<types>[a-z| ]+)`(?: of length (?P<length>\d+))?, got .*")


class Unreadable(ValueError):
    """Data that is no such value; `path` is the dotted place of what is wrong in it, `rule` what it must be."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path}: {rule}" if path else rule)
        self.path = path
        self.rule = rule


def object_of(value: Any) -> dict[str, Any]:
    """Return the JSON object of a named tuple or dataclass: moments, spans and decimals are texts, tuples lists.

    ```python
    object_of(HistoryEntry("waiting", moment, "created"))
    # {"state": "waiting", "at": "2026-01-31T12:00:00Z", "cause": "created"}
    ```
    """
    kind: Any = type(value)
    arrays = msgspec.to_builtins(value, builtin_types=_SCALARS, enc_hook=dict)
    struct = msgspec.convert(arrays, _array_struct(kind), dec_hook=_unchanged)
    written = msgspec.convert(struct, _object_struct(kind), from_attributes=True, dec_hook=_text)
    result: dict[str, Any] = msgspec.to_builtins(written)
    return result


def value_of(kind: type[T], data: Any, path: str = "") -> T:
    """Return the value of a named tuple or dataclass from the JSON object that `object_of` made of one.

    A field with a default may be missing. Raises Unreadable, with a path that begins with `path`.
    """
    declared: Any = kind
    objects, arrays = _object_struct(declared), _array_struct(declared)
    try:
        struct = _convert(data, objects)
    except msgspec.ValidationError as error:
        raise _unreadable(error, data, objects, path) from None
    except UnicodeEncodeError:
        raise Unreadable(path, "must be in Unicode") from None
    rows = msgspec.convert(struct, arrays, from_attributes=True, dec_hook=_unchanged)
    return msgspec.convert(msgspec.to_builtins(rows, builtin_types=_SCALARS), kind)


def check_type(kind: Any, data: Any, path: str) -> None:
    """Raise Unreadable, with a path that begins with `path`, unless the JSON data is of this type."""
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _unreadable(error, data, kind, path) from None


class _Scalar(ABC):
    """A type that JSON writes as a text of our own form: msgspec leaves it to the hooks below."""

    read: Callable[[Any], Any]


def _scalar(kind: type, read: Callable[[Any], Any]) -> type[_Scalar]:
    scalar: Any = ABCMeta(kind.__name__, (_Scalar,), {"read": staticmethod(read)})
    scalar.register(kind)
    scalar.register(str)
    return scalar  # type: ignore[no-any-return]


def _moment(data: Any) -> datetime:
    try:
        return parse_moment(data)
    except ValueError:
        raise ValueError("must be a moment such as 2026-01-31T12:00:00Z") from None


def _span(data: Any) -> timedelta:
    if not isinstance(data, str):
        raise ValueError("must be a duration such as 3s")
    try:
        return parse_span(data)
    except ValueError:
        raise ValueError("must be a duration such as 3s") from None


def _decimal(data: Any) -> Decimal:
    try:
        return Decimal(data if isinstance(data, str) else "")
    except InvalidOperation:
        raise ValueError("must be a decimal text") from None


@cache
def _word_of(words: tuple[str, ...]) -> type[_Scalar]:
    def read(data: Any) -> str:
        if not isinstance(data, str) or data not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return data

    return _scalar(str, read)


_SCALAR_TYPES: Mapping[Any, type[_Scalar]] = {
    datetime: _scalar(datetime, _moment),
    timedelta: _scalar(timedelta, _span),
    Decimal: _scalar(Decimal, _decimal),
}


def _read(kind: type[_Scalar], data: Any) -> Any:
    return kind.read(data)


def _unchanged(kind: type, value: Any) -> Any:
    return value


def _text(kind: type, value: Any) -> str:
    match value:
        case datetime():
            return moment_text(value)
        case timedelta():
            return span_text(value)
    return str(value)


def _convert(data: Any, struct: type[msgspec.Struct]) -> msgspec.Struct:
    return msgspec.convert(data, struct, dec_hook=_read)


@cache
def _array_struct(kind: Any) -> type[msgspec.Struct]:
    return _struct(kind, _array_struct, array_like=not is_dataclass(kind))


@cache
def _object_struct(kind: Any) -> type[msgspec.Struct]:
    return _struct(kind, _object_struct, array_like=False)


def _struct(kind: Any, nested: Callable[[Any], type[msgspec.Struct]], *, array_like: bool) -> type[msgspec.Struct]:
    usual = _defaults(kind)
    declared: list[Any] = [
        (name, _type(hint, nested), *([usual[name]] if name in usual else []))
        for name, hint in get_type_hints(kind).items()
    ]
    return msgspec.defstruct(kind.__name__, declared, array_like=array_like, forbid_unknown_fields=True)


def _defaults(kind: Any) -> dict[str, Any]:
    """Return the defaults by field as msgspec takes them: one that can be changed comes from a function."""
    if not is_dataclass(kind):
        return {
            name: msgspec.field(default_factory=dict) if isinstance(default, Mapping) else default
            for name, default in kind._field_defaults.items()
        }
    usual: dict[str, Any] = {}
    for field in fields(kind):
        if field.default is not MISSING:
            usual[field.name] = field.default
        elif field.default_factory is not MISSING:
            usual[field.name] = msgspec.field(default_factory=field.default_factory)
    return usual


def _type(hint: Any, nested: Callable[[type], type[msgspec.Struct]]) -> Any:
    if hint in _SCALAR_TYPES:
        return _SCALAR_TYPES[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _word_of(parts)
    if origin is None:
        return nested(hint) if is_dataclass(hint) or hasattr(hint, "_fields") else hint
    inside = tuple(part if part is ... else _type(part, nested) for part in parts)
    return reduce(or_, inside) if origin in (Union, UnionType) else origin[inside]


def _unreadable(error: msgspec.ValidationError, data: Any, struct: type[msgspec.Struct], path: str) -> Unreadable:
    parts = _parts(error)
    names: list[Any] = []
    for step in _STEP.finditer(parts["place"] or ""):
        if step["name"] is not None:
            names.append(step["name"])
        else:
            names.append(int(step["place"]) if step["place"] is not None else _wrong_key(data, struct, names, parts))
    rule = parts["rule"]
    field, types = _FIELD.fullmatch(rule), _TYPE.fullmatch(rule)
    if field is not None:
        names.append(field["name"][:100])
        rule = "is not known" if field["rule"].startswith("contains") else "is missing"
    elif types is not None and types["length"] is not None:
        rule = f"must have {types['length']} items"
    elif types is not None:
        rule = "must be " + " or ".join(_WORDS.get(name, name) for name in types["types"].split(" | "))
    elif rule.startswith("Expected "):
        rule = f"must be {rule.removeprefix('Expected ').replace('`', '')}"
    return Unreadable(".".join(str(name)[:100] for name in ([path] if path else []) + names), rule)


def _parts(error: msgspec.ValidationError) -> Mapping[str, Any]:
    match = _AT.fullmatch(str(error))
    return match.groupdict() if match is not None else {"rule": str(error), "place": ""}


def _wrong_key(data: Any, struct: type[msgspec.Struct], names: list[Any], wrong: Mapping[str, Any]) -> str:
    """Return which key of the mapping at `names` has the error; msgspec writes `[...]` for each.

    The mapping is halved again and again. What comes before that key is right, so that the half that has it gives
    the same error.
    """
    mapping = reduce(lambda place, name: place[name], names, data)
    keys = list(mapping)
    while len(keys) > 1:
        half = keys[: len(keys) // 2]
        try:
            _convert(_with(data, names, {key: mapping[key] for key in half}), struct)
            same = False
        except msgspec.ValidationError as error:
            same = _parts(error) == wrong
        keys = half if same else keys[len(half) :]
    return str(keys[0])


def _with(data: Any, names: list[Any], value: Any) -> Any:
    """Return a copy of the data with another value at the place."""
    if not names:
        return value
    changed = copy(data)
    changed[names[0]] = _with(data[names[0]], names[1:], value)
    return changed

"""Values as JSON data and back, by the types that their classes declare: what a class gains is not forgotten here."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mockserver.domain.moments import moment_text, parse_moment

_SIMPLE: Mapping[Any, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    NoneType: "null",
}


class Unreadable(ValueError):
    """Data that is no such value; `path` is the dotted place of what is wrong in it, `rule` what it must be."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path}: {rule}" if path else rule)
        self.path = path
        self.rule = rule


def plain(value: Any) -> Any:
    """JSON data: classes become objects of their fields, moments and decimals texts, tuples lists."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, Decimal):
        return str(value)
    kind: Any = type(value)
    names = _names(kind)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value


def typed(kind: Any, data: Any, path: str = "") -> Any:
    """The value of this type that `plain` made `data` of; raises Unreadable."""
    if kind is Any:
        return data
    if kind in _SIMPLE:
        if type(data) is not kind:
            raise Unreadable(path, f"must be {_SIMPLE[kind]}")
        return data
    if kind in _READ:
        return _READ[kind](data, path)
    names = _names(kind)
    return _of_class(kind, names, data, path) if names is not None else _of_form(kind, data, path)


def _of_class(kind: Any, names: tuple[str, ...], data: Any, path: str) -> Any:
    if not isinstance(data, dict):
        raise Unreadable(path, "must be an object")
    for name in data:
        if name not in names:
            raise Unreadable(_inside(path, name[:100]), "is not known")
    hints = _hints(kind)
    usual = getattr(kind, "_field_defaults", {})
    for name in names:
        if name not in data and name not in usual:
            raise Unreadable(_inside(path, name), "is missing")
    return kind(**{name: typed(hints[name], data[name], _inside(path, name)) for name in names if name in data})


def _of_form(kind: Any, data: Any, path: str) -> Any:
    form, parts = get_origin(kind), get_args(kind)
    if form is Literal:
        if data not in parts or isinstance(data, bool):
            raise Unreadable(path, f"must be one of {', '.join(map(str, parts))}")
        return data
    if form in (Union, UnionType):
        return _of_union(parts, data, path)
    if form is tuple or form is list:
        return _of_list(form, parts, data, path)
    if not isinstance(data, dict):
        raise Unreadable(path, "must be an object")
    return {name: typed(parts[1], item, _inside(path, name[:100])) for name, item in data.items()}


def _of_union(parts: tuple[Any, ...], data: Any, path: str) -> Any:
    if data is None and NoneType in parts:
        return None
    wrong: list[Unreadable] = []
    for part in parts:
        if part is not NoneType:
            try:
                return typed(part, data, path)
            except Unreadable as error:
                wrong.append(error)
    if len(wrong) == 1 and not (NoneType in parts and wrong[0].path == path):
        raise wrong[0]
    rules = [error.rule.removeprefix("must be ") for error in wrong] + ["null"] * (NoneType in parts)
    raise Unreadable(path, f"must be {' or '.join(rules)}")


def _of_list(form: Any, parts: tuple[Any, ...], data: Any, path: str) -> Any:
    if not isinstance(data, list):
        raise Unreadable(path, "must be a list")
    if form is list or parts[1:] == (Ellipsis,):
        kinds: tuple[Any, ...] = (parts[0],) * len(data)
    elif len(parts) != len(data):
        raise Unreadable(path, f"must have {len(parts)} items")
    else:
        kinds = parts
    return form(
        typed(one, item, _inside(path, place)) for place, (one, item) in enumerate(zip(kinds, data, strict=True))
    )


def _moment(data: Any, path: str) -> datetime:
    try:
        return parse_moment(data)
    except ValueError:
        raise Unreadable(path, "must be a moment such as 2026-01-31T12:00:00Z") from None


def _decimal(data: Any, path: str) -> Decimal:
    try:
        return Decimal(data if isinstance(data, str) else "")
    except InvalidOperation:
        raise Unreadable(path, "must be a decimal text") from None


_READ: Mapping[Any, Callable[[Any, str], Any]] = {datetime: _moment, Decimal: _decimal}


def _inside(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


@cache
def _names(kind: Any) -> tuple[str, ...] | None:
    """The fields of a named tuple or dataclass, None of anything else."""
    if is_dataclass(kind):
        return tuple(one.name for one in fields(kind))
    return getattr(kind, "_fields", None)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)

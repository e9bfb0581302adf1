"""Checks data against a schema: a compiled validator accepts quickly, a slow one explains what is wrong."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mockserver.http.numeric_strings import numeric_string_readers, with_numbers

if TYPE_CHECKING:
    from mockserver.http.explaining import Broken, Explainer

Schema = dict[str, Any]
Errors = dict[str, list[str]]
Retrieve = Callable[[str], Schema]
Convert = Callable[[Any], Any]

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Checker:
    """A checker of data for one JSON Schema 2020-12; `retrieve` loads the schemas it refers to.

    Numbers in data may be int, float or Decimal; not-a-number and infinities are refused.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        retrieve: Retrieve | None = None,
        decimals: bool = True,
        word: "Callable[[Broken], str] | None" = None,
    ) -> None:
        """`decimals`: whether `normalise` turns each `number` into a Decimal. `word` words a broken rule."""
        self._word = word
        self.schema = schema
        self._retrieve = retrieve or _retrieve_nothing
        self._quick: Callable[[Any], bool] | None = None
        self._slow: Explainer | None = None
        self._numeric_strings = numeric_string_readers(schema)
        self._convert = _converter(schema, schema, self._retrieve, (), _as_decimal if decimals else None)

    def check(self, data: Any) -> Errors:
        """Return the errors by dotted field name (`body` for the whole body); an empty dict for valid data."""
        return {} if self.accepts(data) else self.explain(data)

    def compile(self) -> None:
        """Compile the schema before its first use; raises an exception for data that is no JSON Schema."""
        if self._quick is None:
            self._quick = self._compiled()

    def accepts(self, data: Any) -> bool:
        """Return whether the data is valid; the first call compiles the schema."""
        if self._quick is None:
            self._quick = self._compiled()
        if self._numeric_strings:
            data = with_numbers(data, self._numeric_strings)
        try:
            return self._quick(data)
        except (ValueError, OverflowError, RecursionError):
            # The compiled validator cannot read lone surrogates, since it needs UTF-8: the slow one decides.
            return not self.explain(data)

    def explain(self, data: Any) -> Errors:
        """Return the errors as `check` does, always with the slow validator; at most a hundred messages."""
        if self._slow is None:
            from mockserver.http.explaining import Explainer, sentence

            self._slow = Explainer(self.schema, self._retrieve, self._word or sentence)
        return self._slow.explain(with_numbers(data, self._numeric_strings))

    def normalise(self, data: Any) -> Any:
        """Return valid data with one type for each kind of number: `integer` is int, `number` is Decimal.

        JSON Schema takes 6.0 for an integer. Fields that the schema does not know stay as they are, and so do
        numbers below a reference of a schema to itself. `data` is not changed.
        """
        if self._numeric_strings:
            data = with_numbers(data, self._numeric_strings)
        return self._convert(data) if self._convert else data

    def _compiled(self) -> Callable[[Any], bool]:
        import jsonschema_rs

        validator = jsonschema_rs.Draft202012Validator(self.schema, retriever=self._retrieve, validate_formats=False)
        return validator.is_valid


class QueryReader:
    """Converts the texts of a query or of path fields into the types of the schema's properties."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        properties = checker.schema.get("properties", {})
        self._kinds: dict[str, str] = {name: _kind(field) for name, field in properties.items()}
        self._item_kinds = {name: _kind(field.get("items", {})) for name, field in properties.items()}
        self._defaults = {name: field["default"] for name, field in properties.items() if "default" in field}
        self._nothing: tuple[dict[str, Any], Errors] | None = None

    def read(self, pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], Errors]:
        """Return the values, and their errors as `Checker.check` returns them.

        Integers are `-?[0-9]+` of at most 18 digits, numbers are Decimals, booleans `true`, `false`, `1` or
        `0`. The last of repeated scalars wins; lists take every `name` and `name[]`. Unknown names are
        ignored, defaults are filled in.
        """
        if not pairs:
            if self._nothing is None:
                self._nothing = self._defaults, self._checker.check(self._defaults)
            return dict(self._nothing[0]), self._nothing[1]
        values: dict[str, Any] = {}
        for key, text in pairs:
            name = key
            if name not in self._kinds and key.endswith("[]"):
                name = key[:-2]
            kind = self._kinds.get(name)
            if kind == "array":
                values.setdefault(name, []).append(_typed(text, self._item_kinds[name]))
            elif kind is not None and name == key:
                values[name] = _typed(text, kind)
        for name, default in self._defaults.items():
            values.setdefault(name, default)
        return values, self._checker.check(values)


def read_query(schema: Schema, pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], Errors]:
    """Read a query by a schema that is used once; see `QueryReader.read`."""
    return QueryReader(Checker(schema)).read(pairs)


def _retrieve_nothing(uri: str) -> Schema:
    raise KeyError(f"no schema has the id {uri!r}")


def _kind(field: Schema) -> str:
    types = field.get("type", "string")
    return types if isinstance(types, str) else next(name for name in types if name != "null")


def _typed(text: str, kind: str) -> Any:
    """Return the value that a text stands for, or the text itself, which the check then refuses."""
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return Decimal(text)
    if kind == "boolean":
        return _BOOLEANS.get(text, text)
    return text


def _converter(
    schema: Any, root: Schema, retrieve: Retrieve, above: tuple[str, ...], number: Convert | None
) -> Convert | None:
    """Return a function that normalises data of this schema, or None where nothing needs it."""
    if not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        reference = schema["$ref"]
        if reference in above:
            return None
        target, root = _target(reference, root, retrieve)
        return _converter(target, root, retrieve, (*above, reference), number)
    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else types
    if "number" in types:
        return number
    if "integer" in types:
        return _as_integer
    properties = schema.get("properties", {})
    fields = {name: _converter(inner, root, retrieve, above, number) for name, inner in properties.items()}
    converters = [(name, convert) for name, convert in fields.items() if convert]
    if converters:
        return lambda data: _each_field(data, converters)
    item = _converter(schema.get("items"), root, retrieve, above, number)
    return (lambda data: [item(value) for value in data] if isinstance(data, list) else data) if item else None


def _target(reference: str, root: Schema, retrieve: Retrieve) -> tuple[Any, Schema]:
    """Return the schema that a reference names, and the root of references inside it."""
    uri, _, pointer = reference.partition("#")
    target: Any = retrieve(uri) if uri else root
    root = target
    for part in pointer.split("/")[1:]:
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target, root


def _each_field(data: Any, converters: Sequence[tuple[str, Convert]]) -> Any:
    if not isinstance(data, dict):
        return data
    return data | {name: convert(data[name]) for name, convert in converters if name in data}


def _as_integer(value: Any) -> Any:
    return int(value) if isinstance(value, float | Decimal) else value


def _as_decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value

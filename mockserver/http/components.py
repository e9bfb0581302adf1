"""The schemas inside an OpenAPI document."""

from typing import Any

from mockserver.http.schemas import ID_PREFIX, SchemaStore

_PLACE = "#/components/schemas/"
#: Keywords whose values are data or maps of schemas, not schemas.
_DATA_KEYWORDS = frozenset({"const", "default", "enum", "example", "examples"})
_MAP_KEYWORDS = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})
_STEP = "multipleOf"


class Components:
    """The schemas that the document refers to, rewritten to refer to each other inside it."""

    def __init__(self, schemas: SchemaStore) -> None:
        self._schemas = schemas
        self._found: dict[str, Any] = {}

    def reference(self, name: str) -> dict[str, str]:
        """A reference to the schema, which becomes part of the document with all that it refers to."""
        if name not in self._found:
            self._found[name] = {}  # A placeholder: schemas may refer to each other in circles.
            schema = self._schemas.load(name)
            inner = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
            self._found[name] = self.rewritten(inner, name)
        return {"$ref": _PLACE + _component(name)}

    def rewritten(self, schema: Any, name: str) -> Any:
        """A copy of a part of the schema `name`."""
        if isinstance(schema, list):
            return [self.rewritten(one, name) for one in schema]
        if not isinstance(schema, dict):
            return schema
        copy: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _DATA_KEYWORDS:
                copy[key] = value
            elif key == _STEP and isinstance(value, float):
                # Validators that divide binary fractions find that 12.85 is no multiple of 0.0001.
                copy[f"x-{_STEP}"] = value
            elif key in _MAP_KEYWORDS:
                copy[key] = {one: self.rewritten(inner, name) for one, inner in value.items()}
            else:
                copy[key] = self._pointed(value, name) if key == "$ref" else self.rewritten(value, name)
        return copy

    def all(self) -> dict[str, Any]:
        """By component name, sorted."""
        return {_component(name): self._found[name] for name in sorted(self._found)}

    def _pointed(self, reference: str, name: str) -> str:
        uri, _, pointer = reference.partition("#")
        if uri and not uri.startswith(ID_PREFIX):
            raise ValueError(f"schema {name} refers to {reference!r}, which is not one of the bundled schemas")
        target = uri.removeprefix(ID_PREFIX) if uri else name
        return self.reference(target)["$ref"] + pointer


def _component(name: str) -> str:
    return name.replace("/", ".")

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
        self._added: dict[str, Any] = {}

    def reference(self, name: str) -> dict[str, str]:
        """Return a reference to the schema, and add the schema, with all that it refers to, to the document."""
        if name not in self._added:
            self._added[name] = {}  # A placeholder: schemas may refer to each other in circles.
            schema = self._schemas.load(name)
            inner = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
            self._added[name] = self.rewritten(inner, name)
        return {"$ref": _PLACE + _component(name)}

    def rewritten(self, schema: Any, name: str) -> Any:
        """Return a copy of a part of the schema `name`, with references inside the document."""
        if isinstance(schema, list):
            return [self.rewritten(item, name) for item in schema]
        if not isinstance(schema, dict):
            return schema
        copy: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _DATA_KEYWORDS:
                copy[key] = value
            elif key == _STEP and isinstance(value, float):
                # Validators that divide binary fractions say that 12.85 is no multiple of 0.0001.
                copy[f"x-{_STEP}"] = value
            elif key in _MAP_KEYWORDS:
                copy[key] = {item: self.rewritten(inner, name) for item, inner in value.items()}
            else:
                copy[key] = self._inner_reference(value, name) if key == "$ref" else self.rewritten(value, name)
        return copy

    def all(self) -> dict[str, Any]:
        """Return the schemas by component name, sorted."""
        return {_component(name): self._added[name] for name in sorted(self._added)}

    def _inner_reference(self, reference: str, name: str) -> str:
        uri, _, pointer = reference.partition("#")
        if uri and not uri.startswith(ID_PREFIX):
            raise ValueError(f"schema {name} refers to {reference!r}, which is not one of the bundled schemas")
        target = uri.removeprefix(ID_PREFIX) if uri else name
        return self.reference(target)["$ref"] + pointer


def _component(name: str) -> str:
    return name.replace("/", ".")

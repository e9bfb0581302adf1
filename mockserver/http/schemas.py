"""The JSON Schemas of the providers, each read at its first use."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.http.checking import Checker, QueryReader, Schema

SUFFIX = ".schema.json"
#: `$id` of a schema is this followed by its name.
ID_PREFIX = "mockserver:"

_NAME = re.compile(r"[a-z0-9_-]+(?:[./][a-z0-9_-]+)*", re.ASCII)


class SchemaStore:
    """Schemas by names such as `acme/order.request`, from the first root that has them; each is read once.

    The returned schemas are shared: copy one before changing it.
    """

    def __init__(self, *roots: Path) -> None:
        self._roots = roots
        self._loaded: dict[str, Schema] = {}
        self._checkers: dict[str, Checker] = {}
        self._readers: dict[str, QueryReader] = {}

    def all_names(self) -> list[str]:
        """Return every name that has a file, sorted."""
        return sorted(
            {
                file.relative_to(root).as_posix().removesuffix(SUFFIX)
                for root in self._roots
                for file in root.rglob(f"*{SUFFIX}")
            }
        )

    def names_in(self, folder: str) -> list[str]:
        """Return the names that have a file in one folder, such as a provider's, sorted."""
        files = {file.name.removesuffix(SUFFIX) for root in self._roots for file in (root / folder).glob(f"*{SUFFIX}")}
        return [f"{folder}/{name}" for name in sorted(files)]

    def load(self, name: str) -> Schema:
        """Return the schema as its file has it; raises KeyError for an unknown name, ValueError for a broken file."""
        schema = self._loaded.get(name)
        if schema is None:
            schema = self._loaded[name] = self._read(name)
        return schema

    def retrieve(self, uri: str) -> Schema:
        """Return the schema whose `$id` is `uri`, for references between files; raises KeyError."""
        if not uri.startswith(ID_PREFIX):
            raise KeyError(f"no schema has the id {uri!r}")
        return self.load(uri.removeprefix(ID_PREFIX))

    def checker(self, name: str) -> Checker:
        """Return the checker of a schema; raises as `load` does."""
        checker = self._checkers.get(name)
        if checker is None:
            checker = self._checkers[name] = Checker(self.load(name), retrieve=self.retrieve)
        return checker

    def query_reader(self, name: str) -> QueryReader:
        """Return the reader of the query or path fields that a schema describes; raises as `load` does."""
        reader = self._readers.get(name)
        if reader is None:
            reader = self._readers[name] = QueryReader(self.checker(name))
        return reader

    def provenance(self, name: str) -> list[tuple[str, str]]:
        """Return the provenance of each fact: pairs like `("$.data.tiers[*].price", "documented")`.

        `$` is the schema as a whole; properties that carry no `x-provenance` are left out.
        """
        return list(_provenances(self.load(name), "$"))

    def _read(self, name: str) -> Schema:
        files = [root / f"{name}{SUFFIX}" for root in self._roots] if _NAME.fullmatch(name) else []
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            raise KeyError(f"no schema is named {name!r}")
        try:
            schema = json.loads(file.read_bytes())
        except ValueError as error:
            raise ValueError(f"{file}: not JSON: {error}") from None
        if not isinstance(schema, dict):
            raise ValueError(f"{file}: a schema is a JSON object")
        return schema


def _provenances(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    if "x-provenance" in schema:
        yield path, schema["x-provenance"]
    for name, inner in schema.get("properties", {}).items():
        yield from _provenances(inner, f"{path}.{name}")
    yield from _provenances(schema.get("items"), f"{path}[*]")

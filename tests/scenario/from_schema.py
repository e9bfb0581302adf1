"""Makes documents from a JSON Schema: valid ones, each with one feature, and ones that break one rule.

Covers the keywords that `schemas/scenario.schema.json` uses; an unknown one is a KeyError, so that none is overlooked.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from mockserver.domain.moments import SPAN_PATTERN

Schema = Mapping[str, Any]
#: A value of each JSON type, for places that want another.
OF_TYPES: Mapping[str, Any] = {
    "string": "a", "integer": 3, "number": 0.5, "boolean": True, "null": None, "array": [], "object": {},
}  # fmt: skip
#: What a pattern of the schema takes, by the pattern; the test of this list holds it against the patterns.
TEXTS: Mapping[str, tuple[str, ...]] = {
    r"^[a-z0-9][a-z0-9_-]{0,63}$": ("a", "0-_z", "a" * 64),
    r"^[a-z][a-z0-9_]{0,63}$": ("acme", "a_0", "a" * 64),
    r"^[A-Za-z][A-Za-z0-9_-]{0,63}$": ("a", "B_0-z", "a" * 64),
    r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$": ("x", "B_0-.z", "a" * 64),
    SPAN_PATTERN: ("8s", "0", "1.5m", "250ms", "2h", "1d", "3w", "0.000001", "1m30s", "2d12h", "1w2d3h4m5s6ms"),
    r"^-?[0-9]+(\.[0-9]+)?$": ("1", "-0.5", "00"),
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": ("f", "0._-", "a" * 64),
    r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$": ("X-a", "!#$%&'*+.^_`|~-", "a" * 128),
    r"^[\t\x20-\x7e\xa0-\xff]*$": ("a b", "", "\xe4\t~"),
    r"^[A-Z]{1,16}$": ("POST", "A" * 16),
    r"^(?![0.]+[A-Za-z])([0-9]{1,9}(?:\.[0-9]{1,3})?)(B|kB|KB|KiB|MB)/s$": (
        *("10B/s", "1.5kB/s", "1KB/s", "1KiB/s", "0.001MB/s"),
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$": ("i", "0._@+-", "a" * 128),
    r"^https?://[^\s/]\S*$": ("http://a", "https://a.b:1/c?d#e"),
    r"^[0-9]{1,12}(\.[0-9]{1,9})?$": ("1.00", "0", "9" * 12 + "." + "9" * 9),
}
_NOTES = {"title", "description", "default", "examples", "patternErrorMessage", "$schema", "$defs"}
_RULES = {
    *(
        "type",
        "enum",
        "const",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ),
    *("items", "minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties"),
    *("propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas"),
    *("if", "then", "else", "not", "anyOf", "oneOf"),
}
_DEEPEST = 3


class FromSchema:
    """The documents of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema

    def fitting(self) -> list[Any]:
        """Return documents that fit, with every keyword's alternatives and bounds."""
        return list(self._fitting(self._root, 0))

    def misfits(self) -> list[Any]:
        """Return documents that would fit but for one place, which breaks one rule."""
        return list(self._misfits(self._root, 0))

    def documents(self) -> st.SearchStrategy[Any]:
        """Return a strategy of documents whose parts fit."""
        return self._strategy(self._root, 0)

    def mutated(self) -> st.SearchStrategy[Any]:
        """Return a strategy of documents of which one part in a few does not fit."""
        return self._strategy(self._root, 0, broken=True)

    def _resolved(self, schema: Schema) -> dict[str, Any]:
        """The schema with what it refers to; raises KeyError for a keyword that is not known here."""
        found = dict(schema)
        while "$ref" in found:
            target: Any = self._root
            for step in found.pop("$ref").removeprefix("#/").split("/"):
                target = target[step]
            found = {**target, **found}
        if unknown := found.keys() - _NOTES - _RULES:
            raise KeyError(f"keywords without a rule here: {sorted(unknown)}")
        return found

    def _branches(self, schema: Schema) -> list[dict[str, Any]]:
        """The schema once for each of its types."""
        whole = self._resolved(schema)
        types = whole.get("type", list(OF_TYPES) if "enum" not in whole and "const" not in whole else [])
        branches = [{**whole, "type": one} for one in ([types] if isinstance(types, str) else types)] or [whole]
        found = []
        for branch in branches:
            if "if" not in branch:
                found.append(branch)
                continue
            if branch["if"].keys() == {"type"}:
                more = branch.get("then" if branch["type"] == branch["if"]["type"] else "else", {})
                branch = {key: value for key, value in {**branch, **more}.items() if key not in ("if", "then", "else")}
            found.append(branch)
        return found

    def _first(self, schema: Schema, depth: int) -> Any:
        return next(self._fitting(schema, depth))

    def _fitting(self, schema: Schema, depth: int) -> Iterator[Any]:
        for branch in self._branches(schema):
            yield from self._fitting_branch(branch, depth)

    def _fitting_branch(self, branch: Schema, depth: int) -> Iterator[Any]:
        if "const" in branch:
            yield branch["const"]
        elif "enum" in branch:
            yield from branch["enum"]
        elif branch["type"] == "object":
            yield from self._objects(branch, depth)
        elif branch["type"] == "array":
            yield from self._arrays(branch, depth)
        else:
            yield from _scalars(branch)

    def _objects(self, branch: Schema, depth: int) -> Iterator[dict[str, Any]]:
        least = self._least(branch, depth)
        yield least
        if depth > _DEEPEST * 3:
            return
        for name, member in branch.get("properties", {}).items():
            for base in self._bases(branch, least, name, depth):
                for value in self._fitting(member, depth + 1):
                    yield self._complete(branch, {**base, name: value}, depth)
        more = branch.get("additionalProperties", False)
        if isinstance(more, Mapping):
            names = list(self._fitting(branch["propertyNames"], depth)) if "propertyNames" in branch else ["a", "b.c"]
            for value in self._fitting(more, depth + 1):
                yield {**least, names[0]: value}
            yield {**least, **{name: self._first(more, depth + 1) for name in names}}

    def _bases(self, branch: Schema, least: dict[str, Any], name: str, depth: int) -> list[dict[str, Any]]:
        """Return what a member stands beside: the least object, and one for each other way to make it whole."""
        ways = [way["required"][0] for way in (*branch.get("anyOf", ()), *branch.get("oneOf", ()))]
        core = {key: value for key, value in least.items() if key not in ways}
        if not ways or name in ways:
            return [core]
        bases = [{**core, way: self._first(branch["properties"][way], depth + 1)} for way in ways]
        told = branch.get("if", {}).get("properties", {})
        return [*bases, {**core, **{key: value["const"] for key, value in told.items() if "const" in value}}]

    def _least(self, branch: Schema, depth: int) -> dict[str, Any]:
        """The object with no more than it must have."""
        members = branch.get("properties", {})
        found = {name: self._first(members[name], depth + 1) for name in branch.get("required", ())}
        if len(found) < branch.get("minProperties", 0) and not {"anyOf", "oneOf"} & branch.keys():
            more = branch.get("additionalProperties", False)
            if members:
                name = next(iter(members))
                found[name] = self._first(members[name], depth + 1)
            else:
                name = self._first(branch["propertyNames"], depth) if "propertyNames" in branch else "a"
                found[name] = self._first(more, depth + 1)
        return self._complete(branch, found, depth)

    def _complete(self, branch: Schema, found: dict[str, Any], depth: int) -> dict[str, Any]:
        """With what its members demand beside them, and without what they forbid or make too many."""
        for name, needed in branch.get("dependentRequired", {}).items():
            for other in needed if name in found else ():
                found.setdefault(other, self._first(branch["properties"][other], depth + 1))
        ways = [way["required"] for way in (*branch.get("anyOf", ()), *branch.get("oneOf", ()))]
        if ways and not any(name in found for way in ways for name in way):
            found.setdefault(ways[0][0], self._first(branch["properties"][ways[0][0]], depth + 1))
        for name in list(found)[: max(0, len(found) - branch.get("maxProperties", len(found)))]:
            del found[name]
        return found

    def _arrays(self, branch: Schema, depth: int) -> Iterator[list[Any]]:
        least = branch.get("minItems", 0)
        items = branch.get("items", {"type": "string"})
        if depth > _DEEPEST * 3:
            yield [self._first(items, depth + 1)] * least
            return
        if least == 0:
            yield []
        for value in self._fitting(items, depth + 1):
            yield [value] * max(1, least)
        if branch.get("maxItems", 2) >= 2 and least < 2:
            yield list(self._fitting(items, depth + 1))[:2]

    def _misfits(self, schema: Schema, depth: int) -> Iterator[Any]:
        branches = self._branches(schema)
        types = {branch.get("type") for branch in branches}
        for name, value in OF_TYPES.items():
            if name not in types:
                yield value
        for branch in branches:
            if "const" in branch or "enum" in branch:
                yield from ("", "nonsense", False, True, 0, 1)
            elif branch["type"] == "object":
                yield from self._bad_objects(branch, depth)
            elif branch["type"] == "array":
                yield from self._bad_arrays(branch, depth)
            else:
                yield from _bad_scalars(branch)

    def _bad_objects(self, branch: Schema, depth: int) -> Iterator[Any]:
        least = self._least(branch, depth)
        yield {}
        for name in least:
            yield {other: value for other, value in least.items() if other != name}
        yield {**least, "nonsense": 1}
        if "propertyNames" in branch:
            value = next(iter(least.values()), self._first(branch["additionalProperties"], depth + 1))
            yield from ({**least, name: value} for name in self._misfits(branch["propertyNames"], depth) if _key(name))
        if depth > _DEEPEST * 3:
            return
        members = branch.get("properties", {})
        for name, member in members.items():
            for base in self._bases(branch, least, name, depth):
                for value in self._misfits(member, depth + 1):
                    yield self._complete(branch, {**base, name: value}, depth)
            yield {**least, name: self._first(member, depth + 1)}
        if "maxProperties" in branch:
            yield {name: self._first(member, depth + 1) for name, member in members.items()}
        first = next(iter(members), "")
        for name in list(members)[1:]:
            # One member more than it may have, where that is bounded.
            yield {**least, first: self._first(members[first], depth + 1),
                   name: self._first(members[name], depth + 1)}  # fmt: skip
        for way in (*branch.get("anyOf", ()), *branch.get("oneOf", ())):
            for name, member in members.items():
                # Without completion: each way with each member beside it, and each member without any way.
                yield {name: self._first(member, depth + 1)}
                yield {way["required"][0]: self._first(members[way["required"][0]], depth + 1),
                       name: self._first(member, depth + 1)}  # fmt: skip
        more = branch.get("additionalProperties", False)
        if isinstance(more, Mapping):
            name = self._first(branch["propertyNames"], depth) if "propertyNames" in branch else "a"
            yield from ({**least, name: value} for value in self._misfits(more, depth + 1))
        for name, forbids in branch.get("dependentSchemas", {}).items():
            for other in forbids["properties"]:
                yield {**least, name: self._first(members[name], depth + 1),
                       other: self._first(members[other], depth + 1)}  # fmt: skip

    def _bad_arrays(self, branch: Schema, depth: int) -> Iterator[Any]:
        items = branch.get("items", {"type": "string"})
        first = self._first(items, depth + 1)
        least, most = branch.get("minItems", 0), branch.get("maxItems", 3)
        yield from ([first] * count for count in range(least))
        yield [first] * (most + 1)
        if depth <= _DEEPEST * 3:
            yield from ([value, *[first] * (least - 1)] for value in self._misfits(items, depth + 1))

    def _strategy(self, schema: Schema, depth: int, *, broken: bool = False) -> st.SearchStrategy[Any]:
        found = st.one_of([self._branch_strategy(branch, depth, broken) for branch in self._branches(schema)])
        if not broken:
            return found
        misfits = list(self._misfits(schema, _DEEPEST * 3))
        return st.integers(0, 24).flatmap(lambda cast: st.sampled_from(misfits) if cast == 0 else found)

    def _branch_strategy(self, branch: Schema, depth: int, broken: bool) -> st.SearchStrategy[Any]:
        kind = branch.get("type")
        if "const" in branch or "enum" in branch or kind not in ("object", "array"):
            return st.sampled_from(list(self._fitting_branch(branch, depth)))
        if depth > 7:
            return st.just(self._least(branch, depth) if kind == "object" else self._first(branch, depth))
        if kind == "array":
            items = st.deferred(
                lambda: self._strategy(branch.get("items", {"type": "string"}), depth + 1, broken=broken)
            )
            least = branch.get("minItems", 0)
            return st.lists(items, min_size=least, max_size=branch.get("maxItems", max(2, least)))
        return self._object_strategy(branch, depth, broken)

    def _object_strategy(self, branch: Schema, depth: int, broken: bool) -> st.SearchStrategy[Any]:
        members = {
            name: st.deferred(lambda member=member: self._strategy(member, depth + 1, broken=broken))  # type: ignore[misc]
            for name, member in branch.get("properties", {}).items()
        }
        needed = {name: members.pop(name) for name in branch.get("required", ())}
        found: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(needed, optional=members)
        more = branch.get("additionalProperties", False)
        if isinstance(more, Mapping):
            names = list(self._fitting(branch["propertyNames"], depth)) if "propertyNames" in branch else ["a", "b.c"]
            values = st.deferred(lambda: self._strategy(more, depth + 1, broken=broken))
            others = st.dictionaries(
                st.sampled_from(names), values, min_size=branch.get("minProperties", 0), max_size=2
            )
            found = st.tuples(others, found).map(lambda pair: {**pair[0], **pair[1]})
        least = self._least(branch, depth)
        return found.map(lambda drawn: self._complete(branch, drawn, depth) or dict(least))


def _key(name: object) -> bool:
    return isinstance(name, str)


def _scalars(branch: Schema) -> Iterator[Any]:
    match branch["type"]:
        case "string" if "pattern" in branch:
            yield from TEXTS[branch["pattern"]]
        case "string":
            yield from ("a", "two words", "true") if branch.get("minLength") else ("a", "", "1")
        case "integer":
            yield branch.get("minimum", -1)
            yield float(branch.get("minimum", 1))
            yield branch.get("maximum", 10**15)
        case "number":
            yield branch["exclusiveMinimum"] + 0.001 if "exclusiveMinimum" in branch else branch.get("minimum", -1)
            yield 0.5
            yield branch["exclusiveMaximum"] - 0.001 if "exclusiveMaximum" in branch else branch.get("maximum", 0.75)
        case "boolean":
            yield from (True, False)
        case "null":
            yield None
        case other:
            raise AssertionError(f"no values of type {other!r}")


def _bad_scalars(branch: Schema) -> Iterator[Any]:
    match branch["type"]:
        case "string" if "pattern" in branch:
            good = TEXTS[branch["pattern"]][0]
            yield from (
                "",
                " ",
                "ä",
                "-",
                good + "\n",
                "\n" + good,
                good + " ",
                " " + good,
                good + "ä",
                good * 200,
                "٣",
            )
        case "string":
            yield from [""] if branch.get("minLength") else []
            yield from ["a" * (branch["maxLength"] + 1)] if "maxLength" in branch else []
        case "integer" | "number":
            for rule, step in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
                if rule in branch:
                    yield branch[rule] + step
            if branch["type"] == "integer":
                yield from (1.5, -1, 10**30)
    yield from ()


def takes(pattern: str, text: str) -> bool:
    """Whether a JSON Schema's pattern takes a text: there `$` is the very end, and classes are those of ASCII."""
    return re.search(pattern.removesuffix("$") + r"\Z", text, re.ASCII) is not None

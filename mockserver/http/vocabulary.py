"""The names that the endpoints of some providers have: operations, paths, fields, methods."""

from collections.abc import Iterable, Iterator, Sequence

from mockserver.domain.suggestions import suggestion
from mockserver.engine.matching import COMPARISONS, Matcher, takes_values
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.schemas import SchemaStore

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def endpoints_of(providers: Iterable[Provider]) -> Iterator[Endpoint]:
    """Yield the endpoints of providers and of their annexes."""
    for provider in providers:
        yield from provider.endpoints
        for annex in provider.annexes:
            yield from annex.endpoints


def operations_of(providers: Iterable[Provider]) -> Iterator[str]:
    """Yield the names of the providers' operations."""
    return (endpoint.name for endpoint in endpoints_of(providers))


class EndpointNames:
    """The names that the endpoints of these providers have; each kind is collected on demand."""

    def __init__(self, providers: Sequence[Provider], schemas: SchemaStore) -> None:
        self._providers = providers
        self._schemas = schemas

    def operations(self) -> list[str]:
        """Return the names of the operations."""
        return list(dict.fromkeys(operations_of(self._providers)))

    def paths(self) -> list[str]:
        """Return the paths of endpoints, as the journal has them."""
        return list(dict.fromkeys(endpoint.path for endpoint in endpoints_of(self._providers)))

    def bases(self) -> list[str]:
        """Return the paths of the providers' base URLs and annexes."""
        mounts = [mount for provider in self._providers for mount in provider.mounts]
        mounts += [annex.mount for provider in self._providers for annex in provider.annexes]
        return [f"/{mount.host}{mount.prefix}" for mount in mounts]

    def fields(self, part: str) -> frozenset[str] | None:
        """Return the top-level fields that a `body` or a `query` can have; None where a schema does not list them."""
        names: set[str] = set()
        for endpoint in endpoints_of(self._providers):
            for schema in (endpoint.takes, endpoint.form) if part == "body" else (endpoint.query,):
                if schema is None:
                    continue
                properties = self._schemas.load(schema).get("properties")
                if properties is None:
                    return None
                names |= properties.keys()
        return frozenset(names)


def name_problem(kind: str, matcher: Matcher, known: Sequence[str]) -> str | None:
    """Return why a matcher of names passes none of the known ones, or names one that is unknown; else None.

    `kind` is what the names are, such as `operation`.
    """
    values = [
        value
        for comparison, operand in matcher.tests
        if COMPARISONS[comparison].takes in ("value", "values")
        for value in (operand if takes_values(comparison) else (operand,))
    ]
    unknown = [value for value in values if value not in known]
    if unknown:
        text = unknown[0] if isinstance(unknown[0], str) else repr(unknown[0])
        return f"no {kind} is called {text[:100]!r} ({suggestion(text, known)})"
    if matcher.holds(None, present=False) or any(matcher.holds(name, present=True) for name in known):
        return None
    return f"no {kind} is like this: {matcher.text()[:100]} ({suggestion('', known)})"

"""What there is to be named of some providers in a sandbox: operations, mistakes, rules, fields, paths."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.domain.errors import MISTAKE_NAMES, ApiError
from mockserver.faults import wire_kinds
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.schemas import SchemaStore
from mockserver.sandbox.state import SandboxState


def endpoints_of(providers: Iterable[Provider]) -> Iterator[Endpoint]:
    """The endpoints of providers, those of annexes too."""
    for provider in providers:
        yield from provider.endpoints
        for annex in provider.annexes:
            yield from annex.endpoints


def operations_of(providers: Iterable[Provider]) -> Iterator[str]:
    """The names of their operations."""
    return (one.name for one in endpoints_of(providers))


class Vocabulary:
    """The names of these providers; each kind is collected when it is asked for."""

    def __init__(self, providers: Sequence[Provider], state: SandboxState, schemas: SchemaStore) -> None:
        self._providers = providers
        self._state = state
        self._schemas = schemas

    def names(self, kind: str) -> list[str]:
        """Every `operation`, `mistake`, `rule` or `fault`."""
        found: Mapping[str, Any] = {
            "operation": lambda: operations_of(self._providers),
            "mistake": self._mistakes,
            "rule": self._rules,
            "fault": self._faults,
        }
        return list(dict.fromkeys(found[kind]()))

    def paths(self) -> list[str]:
        """The paths of endpoints, as the journal has them."""
        return list(dict.fromkeys(one.path for one in endpoints_of(self._providers)))

    def bases(self) -> list[str]:
        """The paths of the providers' base URLs and annexes."""
        mounts = [mount for one in self._providers for mount in one.mounts]
        mounts += [annex.mount for one in self._providers for annex in one.annexes]
        return [f"/{mount.host}{mount.prefix}" for mount in mounts]

    def fields(self, part: str) -> frozenset[str] | None:
        """The first names of fields that a `body` or a `query` can have; None where a schema does not list them."""
        found: set[str] = set()
        for endpoint in endpoints_of(self._providers):
            for schema in (endpoint.takes, endpoint.form) if part == "body" else (endpoint.query,):
                if schema is None:
                    continue
                properties = self._schemas.load(schema).get("properties")
                if properties is None:
                    return None
                found |= properties.keys()
        return frozenset(found)

    def _mistakes(self) -> Iterator[str]:
        kinds: set[type[ApiError]] = {ApiError}
        waiting = [ApiError]
        while waiting:
            fresh = [one for one in waiting.pop().__subclasses__() if one not in kinds]
            kinds.update(fresh)
            waiting += fresh
        yield from sorted(kind.__name__ for kind in kinds)

    def _rules(self) -> Iterable[str]:
        return (rule.name for one in self._providers for rule in self._state.active_scenarios.rules[one.name])

    def _faults(self) -> Iterator[str]:
        """Those in force, and those that a caller may always ask for."""
        names = {one.name for one in self._providers}
        yield from (fault.label for fault in self._state.faults.in_force() if fault.provider in (None, *names))
        yield from (*wire_kinds.names(), *MISTAKE_NAMES, *map(str, range(400, 600)))

    def library_faults(self) -> Iterator[str]:
        """Those of the library's scenarios, which a caller may ask for by name; every file is read for that."""
        from mockserver.faults.select import known_fault_names

        for provider in self._providers:
            library = self._state.library.faults(provider.name)
            yield from known_fault_names(self._state.faults, library, provider.name)

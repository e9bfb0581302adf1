"""The names that some providers and a sandbox know: operations, mistakes, rules, faults, fields, paths."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.domain.errors import MISTAKE_NAMES, ApiError
from mockserver.faults import wire_kinds
from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.http.vocabulary import EndpointNames, operations_of
from mockserver.sandbox.state import SandboxState


class Vocabulary:
    """The names that these providers and the sandbox know; each kind is collected on demand."""

    def __init__(self, providers: Sequence[Provider], state: SandboxState, schemas: SchemaStore) -> None:
        self._providers = providers
        self._state = state
        self.endpoints = EndpointNames(providers, schemas)

    def names(self, kind: str) -> list[str]:
        """Return every name of a kind: `operation`, `mistake`, `rule` or `fault`."""
        collectors: Mapping[str, Any] = {
            "operation": lambda: operations_of(self._providers),
            "mistake": self._mistakes,
            "rule": self._rules,
            "fault": self._faults,
        }
        return list(dict.fromkeys(collectors[kind]()))

    def _mistakes(self) -> Iterator[str]:
        kinds: set[type[ApiError]] = {ApiError}
        waiting = [ApiError]
        while waiting:
            fresh = [subclass for subclass in waiting.pop().__subclasses__() if subclass not in kinds]
            kinds.update(fresh)
            waiting += fresh
        yield from sorted(kind.__name__ for kind in kinds)

    def _rules(self) -> Iterable[str]:
        return (rule.name for provider in self._providers for rule in self._state.active_scenarios.rules[provider.name])

    def _faults(self) -> Iterator[str]:
        """Yield the faults in force, and those that a caller may always ask for."""
        names = {provider.name for provider in self._providers}
        yield from (fault.label for fault in self._state.faults.in_force() if fault.provider in (None, *names))
        yield from (*wire_kinds.names(), *MISTAKE_NAMES, *map(str, range(400, 600)))

    def library_faults(self) -> Iterator[str]:
        """Yield the faults of all scenarios of the library, which a caller may ask for by name; reads every file."""
        from mockserver.faults.select import known_fault_names

        for provider in self._providers:
            library = self._state.library.faults(provider.name)
            yield from known_fault_names(self._state.faults, library, provider.name)

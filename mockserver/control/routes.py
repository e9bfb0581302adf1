"""Routing: finds the operations of a path of the control API."""

import re
from collections.abc import Mapping, Sequence

from mockserver.control.operation import Operation

Methods = Mapping[str, Operation]


class Routes:
    """The operations by path. A path without fields comes first: `/scenarios/active` before `/scenarios/{name}`."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        paths: dict[tuple[str, bool], dict[str, Operation]] = {}
        for operation in operations:
            paths.setdefault((operation.path, operation.slashes), {})[operation.method] = operation
        self._fixed: dict[str, Methods] = {path: methods for (path, _), methods in paths.items() if "{" not in path}
        self._fields = [
            (_pattern(path, slashes=slashes), methods) for (path, slashes), methods in paths.items() if "{" in path
        ]

    def find(self, path: str) -> tuple[Methods, Mapping[str, str]]:
        """Return the methods of a path (below `/_mock`) and its fields; no methods where there is no such path."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, {}
        operations: dict[str, Operation] = {}
        fields: Mapping[str, str] = {}
        for pattern, methods in self._fields:
            match = pattern.fullmatch(path)
            if match is not None:
                # Some methods of a path may take slashes in a field where others do not.
                fields = fields or match.groupdict()
                operations = {**methods, **operations}
        return operations, fields


def _pattern(path: str, *, slashes: bool) -> re.Pattern[str]:
    value = ".+" if slashes else "[^/]+"
    return re.compile(re.sub(r"\{(\w+)\}", rf"(?P<\1>{value})", path), re.DOTALL)

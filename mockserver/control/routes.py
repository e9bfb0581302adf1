"""Which operations a path of the control API has."""

import re
from collections.abc import Mapping, Sequence

from mockserver.control.operation import Operation

Methods = Mapping[str, Operation]


class Routes:
    """The operations by path. A path without fields is what it says, though a field could stand for its end."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        paths: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            paths.setdefault(operation.path, {})[operation.method] = operation
        self._fixed: dict[str, Methods] = {path: methods for path, methods in paths.items() if "{" not in path}
        self._fields = [(_pattern(path), methods) for path, methods in paths.items() if "{" in path]

    def find(self, path: str) -> tuple[Methods, Mapping[str, str]]:
        """The methods of a path (below `/_mock`) and the fields in it; no methods where there is no such path."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, {}
        for pattern, methods in self._fields:
            match = pattern.fullmatch(path)
            if match is not None:
                return methods, match.groupdict()
        return {}, {}


def _pattern(path: str) -> re.Pattern[str]:
    text = re.sub(r"\{(\w+):rest\}", r"(?P<\1>.*)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text), re.DOTALL)

"""Compiles the bundled scenarios while hatchling builds a wheel; this module is not in the wheel."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileScenarios(BuildHookInterface[Any]):
    """Puts a compiled file beside each scenario of a wheel; an editable install parses the YAML instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the compiled files to a temporary directory and add them to the build."""
        if version == "editable":
            return
        self._directory = TemporaryDirectory(prefix="mockserver-scenarios-")
        for number, (path, compiled) in enumerate(_compiled(Path(self.root))):
            file = Path(self._directory.name, f"{number}.json")
            file.write_bytes(compiled)
            build_data["force_include"][str(file)] = f"mockserver/{path.as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary directory."""
        if version != "editable":
            self._directory.cleanup()


def _compiled(root: Path) -> list[tuple[Path, bytes]]:
    """Return the compiled files by their paths below the root; raises where a scenario cannot be read."""
    # The package is not installed where it is built.
    sys.path.insert(0, str(root))
    try:
        from mockserver.scenario.compiled import SUFFIX, compile_scenario
    finally:
        sys.path.remove(str(root))
    sources = sorted((root / "scenarios").glob("*/*.yaml"))
    return [(path.relative_to(root).with_suffix(SUFFIX), compile_scenario(path)) for path in sources]

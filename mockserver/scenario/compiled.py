"""Bundled scenario files as JSON, parsed when the wheel is built: an installed package reads no YAML at its start.

`quick.yaml` has `quick.json` beside it, with a digest of the YAML it was made from: where that differs, the YAML
counts. A checkout has no such files and parses the YAML. Nothing is ever written beside an installed package.
"""

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mockserver.scenario.problems import Report

SUFFIX = ".json"


def compile_scenario(path: Path) -> bytes:
    """Return the compiled form of a scenario file for the wheel; raises ScenarioProblems where it cannot be read.

    Needs nothing but PyYAML, because the wheel is built without the package's other dependencies.
    """
    from mockserver.scenario.problems import ScenarioProblems
    from mockserver.scenario.source import read_source

    raw, report = path.read_bytes(), Report(str(path))
    _, data = read_source(raw, report)
    if report.errors():
        raise ScenarioProblems(report.errors())
    return json.dumps({"made_of": _digest(raw), "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def read_compiled(path: Path, raw: bytes) -> Any:
    """Return the data of a scenario file with these bytes; None where no compiled file was made from them."""
    import orjson

    try:
        document = orjson.loads(path.with_suffix(SUFFIX).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("made_of") != _digest(raw):
        return None
    return document.get("data")


def _digest(raw: bytes) -> str:
    return blake2b(raw, digest_size=16).hexdigest()

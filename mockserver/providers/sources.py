"""The places where providers are declared: folders of this package, and entry points of other distributions.

Nothing here imports a provider, so that commands which only need names and files start quickly.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mockserver.resources import bundled

if TYPE_CHECKING:
    from importlib.metadata import Distribution

#: The entry point group.
GROUP = "mockserver.providers"
_GROUP_HEADER = f"[{GROUP}]".encode()
_METADATA_SUFFIXES = (".dist-info", ".egg-info")
#: An entry point: a name, a module, its attribute, and extras, which mean nothing here.
_ENTRY_POINT = re.compile(r"([^=\s]+)\s*=\s*([\w.]+)\s*(?::\s*([\w.]+)\s*)?(?:\[.*\])?")


class ProviderProblem(Exception):
    """A provider cannot be used; the message says which, where it is declared and why, in one line."""


class Source(NamedTuple):
    """The place where a provider is declared, known without importing it; bundled ones have no `distribution`."""

    name: str
    module: str
    attribute: str = "PROVIDER"
    distribution: str = ""

    def __str__(self) -> str:
        suffix = f" of {self.distribution}" if self.distribution else ""
        return f"{self.module}:{self.attribute}{suffix}"


def sources() -> tuple[Source, ...]:
    """Return the sources of all providers: bundled ones, then those of other distributions, both sorted by name.

    Imports no provider. Raises ProviderProblem where two have the same name, and for a wrong entry point.
    """
    by_name: dict[str, Source] = {}
    for source in (*bundled_sources(), *sorted(_outside_sources(tuple(sys.path)))):
        if source.name in by_name:
            raise ProviderProblem(f"two providers are named {source.name!r}: {by_name[source.name]} and {source}")
        by_name[source.name] = source
    return tuple(by_name.values())


def provider_names() -> list[str]:
    """Return the names of all providers, without importing any; raises ProviderProblem where two are the same."""
    return [source.name for source in sources()]


def folder_of(source: Source) -> Path:
    """Return the folder of the module that declares a provider, without importing it; raises ProviderProblem."""
    from importlib.util import find_spec

    try:
        spec = find_spec(source.module)
    except (Exception, SystemExit):  # a parent package that fails to import
        spec = None
    if spec is None or spec.origin is None:
        raise ProviderProblem(f"provider {source.name!r} ({source}) cannot be imported: no such module")
    return Path(spec.origin).parent


def source_roots(kind: str, names: Iterable[str]) -> tuple[Path, ...]:
    """Return the folders of the scenarios or schemas of the providers of these names, the bundled folder first."""
    name_set = frozenset(names)
    roots = [outside_root(source, kind) for source in sources() if source.distribution and source.name in name_set]
    return (bundled(kind), *dict.fromkeys(roots))


def outside_root(source: Source, kind: str) -> Path:
    """Return the folder of the scenarios or schemas of another distribution's provider.

    Raises ProviderProblem where there is none, or no scenario `quick` in it.
    """
    folder = folder_of(source)
    root = data_root(folder, kind, source.name)
    if root is None:
        raise ProviderProblem(f"provider {source.name!r} ({source}) has no {kind}/{source.name} in {folder}")
    if kind == "scenarios" and not (root / source.name / "quick.yaml").is_file():
        raise ProviderProblem(f"provider {source.name!r} ({source}) has no quick.yaml in {root / source.name}")
    return root


def roots_of(kind: str, outside: Iterable[tuple[Path, str]]) -> tuple[Path, ...]:
    """Return the bundled folder of a kind, and those beside the modules (folder, provider name) in `outside`."""
    roots = [data_root(folder, kind, name) for folder, name in outside]
    return tuple(dict.fromkeys((bundled(kind), *(root for root in roots if root is not None))))


def data_root(folder: Path, kind: str, name: str) -> Path | None:
    """Return the folder `scenarios` or `schemas`, in or beside `folder`, that has some for this provider, or None."""
    candidates = (folder / kind, folder.parent / kind)
    return next((root for root in candidates if (root / name).is_dir()), None)


def bundled_sources() -> Iterator[Source]:
    """Yield the sources of the providers of this package, sorted by name."""
    for init in sorted(Path(__file__).parent.glob("*/__init__.py")):
        name = init.parent.name
        yield Source(name, f"{__package__}.{name}")


@lru_cache(maxsize=16)
def _outside_sources(path: tuple[str, ...]) -> tuple[Source, ...]:
    """Read the entry points of this `sys.path`.

    importlib.metadata takes 20 ms to import, so it is used only where a file mentions the group.
    """
    if not any(_mentions_group(entry or os.curdir) for entry in path):
        return ()
    from importlib.metadata import distributions

    found: dict[str, Distribution] = {}
    for distribution in distributions():
        if any(_entry_points(distribution)):
            # One that is installed twice counts once: the first on the path hides the others.
            found.setdefault(re.sub(r"[-_.]+", "-", distribution.name).lower(), distribution)
    return tuple(_source(line, distribution) for distribution in found.values() for line in _entry_points(distribution))


def _entry_points(distribution: "Distribution") -> Iterator[str]:
    """Yield the lines of the group. Read here, because importlib.metadata raises for any line that is wrong."""
    inside = False
    for line in map(str.strip, (distribution.read_text("entry_points.txt") or "").splitlines()):
        if line.startswith("["):
            inside = line == f"[{GROUP}]"
        elif inside and line and line[0] not in "#;":
            yield line


def _source(line: str, distribution: "Distribution") -> Source:
    """Return what an entry point declares; raises ProviderProblem."""
    declared_by = f"{distribution.name} {distribution.version}"
    match = _ENTRY_POINT.fullmatch(line)
    if match is None:
        raise ProviderProblem(f"the entry point {line!r} of {declared_by} must be NAME = MODULE:ATTRIBUTE")
    return Source(match[1], match[2], match[3] or "PROVIDER", declared_by)


def _mentions_group(folder: str) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        if name.endswith(_METADATA_SUFFIXES):
            try:
                with open(f"{folder}/{name}/entry_points.txt", "rb", buffering=0) as file:
                    if _GROUP_HEADER in file.read():
                        return True
            except OSError:
                continue
    return False

"""Finds the bundled data files: inside an installed package, beside the package in a checkout."""

from pathlib import Path

#: The names that `bundled` takes.
NAMES = ("scenarios", "schemas")


def bundled(name: str) -> Path:
    """Return the directory of the bundled `scenarios` or `schemas`.

    A wheel carries them inside the package; a checkout or an editable install has them beside it.
    Raises ValueError for another name and FileNotFoundError when the installation lacks the directory.
    """
    if name not in NAMES:
        raise ValueError(f"nothing is bundled under {name!r} (one of {', '.join(NAMES)})")
    package = Path(__file__).resolve().parent
    candidates = (package / name, package.parent / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    places = " nor ".join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f"the installation is incomplete, bundled {name} are neither at {places}")

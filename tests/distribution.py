"""Distributions that declare providers, as `pip install` would leave them on `sys.path`."""

from pathlib import Path


def declare(folder: Path, *, distribution: str = "acme-tests", **providers: str) -> Path:
    """Write the metadata of a distribution that declares these providers (name=module:attribute); returns `folder`."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    lines = [f"{name} = {target}" for name, target in providers.items()]
    (info / "entry_points.txt").write_text("\n".join(["[mockserver.providers]", *lines, ""]))
    return folder

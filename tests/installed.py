"""Helpers for tests of the installed project: empty environments with links to the installed packages, and servers."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

PATIENCE = 20.0
"""Seconds that a start, an answer or a stop may take before a test says so."""


def new_environment(home: Path) -> Path:
    """Make an environment without pip and without packages; returns its directory of packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (packages,) = (home / "lib").glob("python*/site-packages")
    return packages


def link_distribution(found: metadata.Distribution, packages: Path) -> None:
    """Make an installed distribution importable from `packages`, and known there to pip."""
    for top in {path.parts[0] for path in found.files or []} - {"..", "__pycache__"}:
        link = packages / top
        if not link.exists():
            link.symlink_to(Path(str(found.locate_file(top))).resolve())


def outside_variables() -> dict[str, str]:
    """The machine's variables without those that would lead Python back to the checkout or change the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MOCKSERVER_"))}


@contextmanager
def served(command: Sequence[str], *, directory: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Run a server and give the address in its banner; it must stop cleanly, with nothing on standard error."""
    with subprocess.Popen(
        command, cwd=directory, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield _first_address(process)
            process.terminate()
            _, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, b"")


def _first_address(process: subprocess.Popen[bytes]) -> str:
    """The first `http://` address on standard output; raises AssertionError when it ends or keeps silent before."""
    assert process.stdout is not None
    assert process.stderr is not None
    text = b""
    while select.select([process.stdout], [], [], PATIENCE)[0]:
        chunk = os.read(process.stdout.fileno(), 65536)
        text += chunk
        if found := re.search(rb'(http://[^\s/"]+)[\s/"]', text):
            return found[1].decode()
        if not chunk:
            raise AssertionError(f"the server ended: {text.decode()}{process.stderr.read().decode()}")
    raise AssertionError(f"no address after {PATIENCE:.0f} s: {text.decode()}")

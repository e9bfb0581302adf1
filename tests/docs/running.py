"""Run the examples of the documentation as a reader would."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.docs.pages import TOP

#: Stands between the output of two blocks.
_BETWEEN = "-- end of block --"


def run(*command: str, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """The finished process of a command that finds `mockserver` and `python` as these tests do."""
    programs = cwd / ".programs"
    programs.mkdir(exist_ok=True)
    for name, arguments in {"mockserver": " -m mockserver", "python": ""}.items():
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MOCKSERVER_", "PYTEST_"))}
    environment: Mapping[str, str] = {
        **own,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(TOP),
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def printed_by(scripts: list[str], cwd: Path) -> list[str]:
    """What each script prints when all are run one after the other in one POSIX shell, which must not complain."""
    whole = "set -eu\n" + "".join(f"{script}\necho '{_BETWEEN}'\n" for script in scripts)
    ran = run("sh", "-c", whole, cwd=cwd)
    assert (ran.returncode, ran.stderr) == (0, ""), f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout.split(f"{_BETWEEN}\n")[:-1]

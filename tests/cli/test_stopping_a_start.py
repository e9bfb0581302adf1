"""A signal that comes while the server still starts."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.server.processes import line_of, python

#: The real command line, which says when the history of its start is under way.
MAIN = """
import sys
from mockserver.http import history
from mockserver.cli import main

prepared = history._Past._prepared

def telling(past):
    print("populating", flush=True)
    return prepared(past)

history._Past._prepared = telling
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_start_that_populates_and_nothing_half_done_is_saved(
    tmp_path: Path, number: signal.Signals
) -> None:
    flags = ("--port", "0", "--populate", "10000", "--state", str(tmp_path / "state.json"), "--save-on-exit")
    with python("-c", MAIN, *flags, XDG_RUNTIME_DIR=str(tmp_path), TMPDIR=str(tmp_path)) as process:
        assert line_of(process) == "populating"
        began = time.perf_counter()
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
        took = time.perf_counter() - began
    assert (process.returncode, output, errors) == (0, "", "")
    assert list(tmp_path.rglob("*.json")) == []
    assert took < 3

"""The examples run as they stand."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_test_suite_passes() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", str(EXAMPLES)],
        cwd=EXAMPLES.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_example_in_node_buys_a_number_and_reads_its_code() -> None:
    with LiveServer(create_app()) as server:
        ran = subprocess.run(
            ["node", str(EXAMPLES / "purchase.mjs"), f"{server.url}/~node"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.fullmatch(r"bought \+1\d{10} \(Canada, WhatsApp\)\nCompleted: \d{6}\n", ran.stdout)

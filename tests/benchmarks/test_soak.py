"""The soak loses nothing, and would notice if something were lost."""

import json
import re
import subprocess
import sys
from copy import deepcopy
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.served import PROVIDERS
from tests.state.test_snapshot import snapshot
from tests.support import running

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_short_soak_loses_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/soak.py", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    rounds = [line for line in lines if line.startswith("| ") and line[2].isdigit()]
    assert len(rounds) == 4
    figures = [[int(one.replace(",", "")) for one in re.findall(r"(?<= )[\d,]+(?= \|)", line)] for line in rounds]
    struck, webhooks, attempts = (sum(one[place] for one in figures) for place in (3, 8, 9))
    assert struck >= 1
    assert attempts > webhooks > 40
    assert all(provider.name in lines[-2] for provider in PROVIDERS)
    assert lines[-2].endswith("the ledger adds up, nothing is lost.")
    assert lines[-1].startswith("Memory stays flat")


@pytest.fixture
def soak(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = spec_from_file_location("soak_under_test", ROOT / "benchmarks" / "soak.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "soak_under_test", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.anyio
async def test_the_soak_would_notice_a_loss(soak: ModuleType) -> None:
    async with running() as world:
        bought = await world.buy()
        await world.buy()
        state = json.loads(await snapshot(world))
    order = f"daisysim/{bought['activation_id']}"

    def broken(change: Any, *, idle: bool = False) -> str:
        changed = deepcopy(state)
        change(changed["tables"], changed)
        return "; ".join(soak.broken_laws(changed, idle=idle))

    assert broken(lambda tables, _: None) == ""
    assert "is for an order that is not there" in broken(lambda tables, _: tables["orders"].pop(order))
    assert "1 are there" in broken(lambda tables, _: tables["orders"].pop(order))
    wallet = "daisysim/demo/0000000002"
    assert "was charged 0" in broken(lambda tables, _: tables["movements"].pop(wallet))
    assert "movements add up" in broken(lambda tables, _: tables["wallets"].update({"daisysim/demo": [1, 3]}))
    assert "overdue" in broken(lambda _, whole: whole["clock"].update(now="2027-01-01T00:00:00Z"))
    assert "still to come" in broken(lambda tables, _: None, idle=True)
    assert "of them listed" in broken(lambda tables, _: tables["by_account"].clear())


def test_a_round_counts_what_faults_struck_and_broke(soak: ModuleType) -> None:
    result = soak.Round(0)
    result.count("GET /x", httpx.Response(503, headers={"x-mock-request-id": "req_00000001", "x-mock-fault": "down"}))
    result.count("GET /_mock/clock", httpx.Response(200))
    result.lose()
    assert (result.requests, result.emulated, result.struck, result.broken) == (3, 2, 2, 1)


def test_the_soak_would_notice_memory_that_grows(soak: ModuleType) -> None:
    rounds = [soak.Round(number, resident_kib=60_000 + number * 4_000) for number in range(10)]
    assert "resident memory grew" in soak.memory_law(rounds)
    assert soak.memory_law([soak.Round(number, resident_kib=60_000) for number in range(10)]) is None
    rounds = [soak.Round(number, resident_kib=90_000, kept_kib=60_000 + number * 700) for number in range(10)]
    assert "memory in use grew" in soak.memory_law(rounds)

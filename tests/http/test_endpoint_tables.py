"""Tables of endpoints: handlers are imported at their first call, mypy knows them, and groups set only their values."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mockserver.domain.errors import NotFound, OutOfStock, TooEarly
from mockserver.http.endpoint_tables import LazyHandlers, group, lazy_handlers
from mockserver.http.provider import Endpoint
from mockserver.http.replies import Limit
from tests.served import PROVIDERS

ROOT = Path(__file__).resolve().parents[2]
TABLES = sorted(
    path for path in (ROOT / "mockserver" / "providers").rglob("*.py") if "lazy_handlers(" in path.read_text("utf-8")
)


async def answer(call: Any) -> Any:
    """Stand for a handler."""
    return call


def endpoint(name: str, **more: Any) -> Endpoint:
    """An endpoint with nothing but a name."""
    return Endpoint("GET", f"/{name}", answer, name=name, summary="", gives="acme/x", **more)


def every_endpoint() -> Iterator[tuple[str, Endpoint]]:
    """The endpoints of every provider, those of its annexes included."""
    for provider in PROVIDERS:
        for endpoints in (provider.endpoints, *(annex.endpoints for annex in provider.annexes)):
            yield from ((provider.name, one) for one in endpoints)


def lazy() -> Iterator[Any]:
    """Every handler that comes with its first call, and what gives kept answers."""
    for _, one in every_endpoint():
        found: tuple[Any, ...] = (one.handler, one.replay)
        yield from (each for each in found if each is not None and each.__qualname__.startswith("LazyHandlers."))


def test_every_handler_is_lazy_or_stands_beside_its_table() -> None:
    own = {f"{name}: {one.name}" for name, one in every_endpoint() if one.handler not in set(lazy())}
    assert own == {"hidsim: docs", "hidsim: redoc"}


def test_every_lazy_handler_is_a_function_of_its_module() -> None:
    for handler in lazy():
        assert callable(getattr(import_module(handler.__module__), handler.__name__))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: "-".join(path.relative_to(ROOT / "mockserver").parts[1:]))
def test_mypy_reads_the_modules_that_are_imported(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    [told] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    [read], [run] = told.body, told.orelse
    assert isinstance(read, ast.ImportFrom)
    assert isinstance(run, ast.Assign)
    assert isinstance(run.value, ast.Call)
    names = [name.name for name in read.names]
    assert read.module == ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    assert [ast.literal_eval(one) for one in run.value.args[1:]] == names
    assert ast.unparse(run.targets[0]).strip("()").rstrip(",").split(", ") == names


def test_every_provider_has_a_table_of_lazy_handlers() -> None:
    folders = {path.relative_to(ROOT / "mockserver" / "providers").parts[0] for path in TABLES}
    assert folders == {provider.name for provider in PROVIDERS}


@pytest.mark.anyio
async def test_the_module_comes_with_the_first_call_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, orders = lazy_handlers("acme_tables.endpoints", "shop", "orders")
    countries, missing = shop.countries, orders.create
    module: Any = ModuleType("acme_tables.shop")
    module.countries = answer
    monkeypatch.setitem(sys.modules, "acme_tables", ModuleType("acme_tables"))
    monkeypatch.setitem(sys.modules, "acme_tables.shop", module)
    call: Any = object()
    assert await countries(call) is call
    del module.countries
    assert await countries(call) is call
    with pytest.raises(ModuleNotFoundError):
        await missing(call)
    assert not hasattr(LazyHandlers("acme"), "__wrapped__")


def test_a_start_imports_none_of_the_handlers() -> None:
    modules = sorted({handler.__module__ for handler in lazy()})
    program = "import json, sys, mockserver.app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert len(modules) >= 16
    assert not set(modules) & set(json.loads(done.stdout))


def test_a_group_adds_what_its_endpoints_do_not_say_themselves() -> None:
    own, limit = Limit(1), Limit(60)
    first, second = group(
        endpoint("a", mistakes=(OutOfStock,)),
        endpoint("b", limit=own, scope="b:read", provenance="assumed", public=True),
        limit=limit,
        scope="a:read",
        mistakes=(NotFound, TooEarly),
        provenance="observed",
    )
    assert first == endpoint(
        "a", mistakes=(NotFound, TooEarly, OutOfStock), limit=limit, scope="a:read", provenance="observed"
    )
    assert second == endpoint(
        "b", mistakes=(NotFound, TooEarly), limit=own, scope="b:read", provenance="assumed", public=True
    )
    assert group(first) == (first,)


@pytest.mark.slow
def test_no_misspelt_handler_passes_mypy(tmp_path: Path) -> None:
    wanted, program = set[tuple[str, int, str]](), []
    for number, path in enumerate(TABLES):
        text = path.read_text(encoding="utf-8")
        [modules] = re.findall(r"if TYPE_CHECKING:\n    from [\w.]+ import (.+)\n", text)
        copy = tmp_path / f"table_{number}.py"
        # Every handler of the table gets letters behind its name.
        misspelt = re.sub(rf"\b({'|'.join(modules.split(', '))})\.(\w+)(?=,\n)", r"\1.\2zz", text)
        copy.write_text(misspelt, encoding="utf-8")
        program.append(str(copy))
        for line, (old, new) in enumerate(zip(text.splitlines(), misspelt.splitlines(), strict=True), start=1):
            if old != new:
                wanted.add((copy.name, line, new.strip().strip(",").rpartition(".")[2]))
    command = [sys.executable, "-m", "mypy", "--no-error-summary", f"--cache-dir={tmp_path / 'cache'}", *program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = re.findall(r"(table_\d+\.py):(\d+): error: Module has no attribute \"(\w+)\"", done.stdout)
    assert len(wanted) >= 60
    assert wanted <= {(name, int(line), word) for name, line, word in said}, done.stdout + done.stderr

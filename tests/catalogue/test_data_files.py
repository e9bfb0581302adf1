"""Data files are read by the types of their columns at their first use, and refused where they do not fit."""

import csv
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread
from typing import NamedTuple

import msgspec
import pytest

import mockserver
from mockserver.catalogue.data_files import once, read_csv, read_json

PACKAGE = Path(mockserver.__file__).parent
TABLES = sorted(PACKAGE.rglob("*.csv"))


class Row(NamedTuple):
    """One column of each kind."""

    code: str
    price: int
    sold: bool
    other: int | None
    nick: str | None
    places: tuple[str, ...]


HEADER = "code,price,sold,other,nick,places\n"


def read(tmp_path: Path, text: str) -> tuple[Row, ...]:
    """Read the text as the file beside a module."""
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    return read_csv(str(tmp_path / "module.py"), "rows.csv", Row)


def test_cells_are_read_as_their_columns_are_annotated(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + 'a,007,yes,5,"x, y",ES PT\nKölbi,0,no,,,\n')
    assert rows == (Row("a", 7, True, 5, "x, y", ("ES", "PT")), Row("Kölbi", 0, False, None, None, ()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows.csv:1: the columns are , not code, price, sold, other, nick, places"),
        ("code,sold\n", "rows.csv:1: the columns are code, sold, not code, price, sold, other, nick, places"),
        (HEADER + "a,1,yes,,,\na,1,yes\n", "rows.csv:3: 3 cells instead of 6"),
        (HEADER + "a,1.5,yes,,,\n", "rows.csv:2: price is not a whole number: '1.5'"),
        (HEADER + "a,-1,yes,,,\n", "rows.csv:2: price is not a whole number: '-1'"),
        (HEADER + "a,,yes,,,\n", "rows.csv:2: price is not a whole number: ''"),
        (HEADER + "a,1,true,,,\n", "rows.csv:2: sold is not yes or no: 'true'"),
        (HEADER + ",1,yes,,,\n", "rows.csv:2: code is empty: ''"),
        (HEADER + "a,1,yes,x,,\n", "rows.csv:2: other is not a whole number: 'x'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^rows\.csv:") as caught:
        read(tmp_path, text)
    assert str(caught.value) == message


class Brand(msgspec.Struct, forbid_unknown_fields=True):
    """An object of a JSON file."""

    name: str


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"name": 1}]', "rows.json: Expected `str`, got `int` - at `$[0].name`"),
        ('[{"name": "a", "nme": 1}]', "rows.json: Object contains unknown field `nme` - at `$[0]`"),
        ("[", "rows.json: Input data was truncated"),
    ],
)
def test_a_json_file_is_refused_with_the_path_of_what_does_not_fit(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rows.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^rows\.json: ") as caught:
        read_json(str(tmp_path / "module.py"), "rows.json", tuple[Brand, ...])
    assert str(caught.value) == message


def test_threads_that_ask_at_the_same_time_get_the_same_object() -> None:
    calls = 0

    @once
    def table() -> list[int]:
        """Return a table."""
        nonlocal calls
        calls += 1
        return [calls]

    barrier, found = Barrier(8), list[list[int]]()

    def ask() -> None:
        barrier.wait()
        found.append(table())

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == 1
    assert all(one is found[0] for one in found)
    assert table.__doc__ == "Return a table."


def test_a_table_that_could_not_be_read_is_read_again() -> None:
    missing = [True]

    @once
    def table() -> str:
        if missing.pop():
            missing.append(False)
            raise OSError("gone")
        return "here"

    with pytest.raises(OSError, match="gone"):
        table()
    assert table() == "here"


def test_every_data_file_is_read_by_the_modules_beside_it() -> None:
    files = [path for suffix in ("csv", "json") for path in PACKAGE.rglob(f"*.{suffix}")]
    assert len(files) >= 15
    for path in files:
        beside = "".join(module.read_text(encoding="utf-8") for module in path.parent.glob("*.py"))
        assert f'(__file__, "{path.name}"' in beside, path


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_table_is_tidy_and_holds_no_line_twice(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert "\r" not in text
    rows = list(csv.reader(text.splitlines(), strict=True))
    assert all(cell == cell.strip() for row in rows for cell in row)
    assert len({tuple(row) for row in rows}) == len(rows)


def test_a_start_reads_no_data_file() -> None:
    program = (
        "import sys; opened = []; sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open'"
        " else None); import asyncio; from mockserver.app import create_app; create_app();"
        "print([path for path in opened if path.endswith(('.csv', '.json')) and 'mockserver' in path])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

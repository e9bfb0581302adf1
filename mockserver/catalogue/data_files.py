"""Tables of facts in data files, each beside the module that uses it and read with its first use."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar, get_type_hints

Row = TypeVar("Row")
Value = TypeVar("Value")
#: A column of a table.
Cells = tuple[str, ...]
ColumnReader = Callable[[Cells], Iterable[object]]


def _texts(cells: Cells) -> Cells:
    if not all(cells):
        raise ValueError("is empty")
    return cells


def _whole_numbers(cells: Cells) -> list[int]:
    digits = "".join(cells)
    if not (all(cells) and digits.isascii() and digits.isdecimal()):
        raise ValueError("is not a whole number")
    return list(map(int, cells))


def _truths(cells: Cells) -> list[bool]:
    if not {"yes", "no"}.issuperset(cells):
        raise ValueError("is not yes or no")
    return [cell == "yes" for cell in cells]


#: The reader of a column by its annotation; only a column of `| None` may have empty cells.
_READERS: Mapping[object, ColumnReader] = {
    bool: _truths,
    int: _whole_numbers,
    str: _texts,
    int | None: lambda cells: [_whole_numbers((cell,))[0] if cell else None for cell in cells],
    str | None: lambda cells: [cell or None for cell in cells],
    tuple[str, ...]: lambda cells: [tuple(cell.split()) for cell in cells],
}


def once(read: Callable[[], Value]) -> Callable[[], Value]:
    """Decorate a function without arguments so that it runs once per process, whichever thread calls it first.

    All callers get the same object, which `functools.cache` does not promise to threads that call at the same time.
    """
    lock = Lock()
    results: list[Value] = []

    def get() -> Value:
        if not results:
            with lock:
                if not results:
                    results.append(read())
        return results[0]

    get.__doc__ = read.__doc__
    get.__name__ = read.__name__
    return get


def read_csv(module: str, name: str, kind: Callable[..., Row]) -> tuple[Row, ...]:
    """Return the rows of the file `name` beside the module with this `__file__`, each as a `kind`.

    The header names the fields of `kind`, in their order. Cells are read as the fields are annotated: `int`, `str`,
    `bool` (yes, no), the first two `| None`, or `tuple[str, ...]` (words between blanks). Raises ValueError with the
    file, line and column of what does not fit.
    """
    hints = get_type_hints(kind)
    with Path(module).with_name(name).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        header: list[str] = next(reader, [])
        if header != list(hints):
            raise ValueError(f"{name}:1: the columns are {', '.join(header)}, not {', '.join(hints)}")
        lines, rows = [], []
        for cells in reader:
            if len(cells) != len(hints):
                raise ValueError(f"{name}:{reader.line_num}: {len(cells)} cells instead of {len(hints)}")
            lines.append(reader.line_num)
            rows.append(cells)
    # Column by column, because that takes a third of the time.
    columns = [
        _column(cells, _READERS[hint], partial(_place, name, lines, field))
        for (field, hint), cells in zip(hints.items(), zip(*rows, strict=True), strict=True)
    ]
    return tuple(map(kind, *columns))


def _place(name: str, lines: Sequence[int], field: str, row: int) -> str:
    return f"{name}:{lines[row]}: {field}"


def _column(cells: Cells, read: ColumnReader, line_of: Callable[[int], str]) -> Iterable[object]:
    """Return the values of the cells; raises ValueError with the place of the first that cannot be read."""
    try:
        return read(cells)
    except ValueError:
        for place, cell in enumerate(cells):
            try:
                read((cell,))
            except ValueError as error:
                raise ValueError(f"{line_of(place)} {error}: {cell!r}") from None
        raise


def read_json(module: str, name: str, kind: type[Value]) -> Value:
    """Return the JSON file `name` beside the module with this `__file__`, as a `kind` that msgspec understands.

    Raises ValueError with the file and the JSON path of what does not fit.
    """
    import msgspec

    try:
        return msgspec.json.decode(Path(module).with_name(name).read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise ValueError(f"{name}: {error}") from None

"""Trusted files are read once; what is kept changes nothing but the time it takes."""

import sys
from pathlib import Path

import pytest

from mockserver.resources import bundled
from mockserver.scenario import check
from mockserver.scenario import kept as keeping
from mockserver.scenario.model import Scenario


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "kept"
    place.mkdir()
    monkeypatch.setattr(keeping, "PLACE", place)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return place


def load_file(path: Path) -> Scenario:
    """As a process does that has not read any file yet."""
    check.load_trusted.cache_clear()
    return check.load_file(path, check=False)


def test_one_process_reads_the_same_bytes_once(place: Path) -> None:
    path = next(bundled("scenarios").glob("daisysim/quick.yaml"))
    assert load_file(path) is check.load_file(path, check=False)


@pytest.mark.parametrize("path", sorted(bundled("scenarios").glob("*/quick.yaml")), ids=lambda path: path.parent.name)
def test_what_is_kept_gives_the_same_scenario(path: Path, place: Path) -> None:
    first = load_file(path)
    assert len(list(place.iterdir())) == 1
    assert load_file(path) == first == check.load_file(path)


def test_a_changed_file_is_read_anew_and_a_broken_note_is_ignored(tmp_path: Path, place: Path) -> None:
    path = tmp_path / "acme" / "quick.yaml"
    path.parent.mkdir()
    path.write_text("scenario: quick\nprovider: acme\nabout: One.\n", encoding="utf-8")
    assert load_file(path).about == "One."
    path.write_text("scenario: quick\nprovider: acme\nabout: Two.\n", encoding="utf-8")
    assert check.load_file(path, check=False).about == "Two."
    for note in place.iterdir():
        note.write_bytes(b"{")
    assert load_file(path).about == "Two."


def test_where_nothing_can_be_written_the_file_is_read(tmp_path: Path, place: Path) -> None:
    place.rmdir()
    path = next(bundled("scenarios").glob("daisysim/quick.yaml"))
    assert load_file(path) == check.load_file(path)

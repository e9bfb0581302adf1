"""The watcher of directories: which changes it notices, and when."""

import os
from pathlib import Path

import pytest

from mockserver.scenario.watching import Watcher


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acme" / "slow.yaml"
    path.parent.mkdir()
    path.write_text("1")
    return path


def test_nothing_is_told_of_what_stays(file: Path, tmp_path: Path) -> None:
    watcher = Watcher([tmp_path])
    assert watcher.files() == [("acme", "slow")]
    assert [watcher.changed() for _ in range(3)] == [[], [], []]


def test_a_change_is_told_once_when_two_looks_agree(file: Path, tmp_path: Path) -> None:
    watcher = Watcher([tmp_path])
    file.write_text("22")
    assert watcher.changed() == []
    file.write_text("333")
    assert watcher.changed() == []
    assert watcher.changed() == [("acme", "slow")]
    assert watcher.changed() == []


def test_a_change_of_the_same_size_is_noticed_by_its_moment(file: Path, tmp_path: Path) -> None:
    watcher = Watcher([tmp_path])
    found = file.stat()
    file.write_text("2")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    assert [watcher.changed() for _ in range(2)] == [[], [("acme", "slow")]]


def test_a_file_that_is_removed_and_saved_anew_was_not_gone(file: Path, tmp_path: Path) -> None:
    watcher = Watcher([tmp_path])
    file.unlink()
    assert watcher.changed() == []
    file.write_text("new")
    assert [watcher.changed() for _ in range(3)] == [[], [("acme", "slow")], []]


def test_new_files_new_folders_and_gone_ones_are_told(file: Path, tmp_path: Path) -> None:
    watcher = Watcher([tmp_path, tmp_path / "missing"])
    (tmp_path / "globex").mkdir()
    (tmp_path / "globex" / "quick.yaml").write_text("x")
    (tmp_path / "acme" / "notes.txt").write_text("x")
    (tmp_path / "top.yaml").write_text("x")
    file.unlink()
    assert [watcher.changed() for _ in range(3)] == [[], [("acme", "slow"), ("globex", "quick")], []]

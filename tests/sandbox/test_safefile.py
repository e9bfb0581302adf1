"""Files are replaced whole or not at all, keep their mode, and leave nothing behind."""

import errno
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from mockserver.sandbox.safefile import replace_file, sweep
from tests.server.processes import line_of, python

#: Writes a file and, when everything but the rename is done, does what is asked.
WRITER = """
import os, signal, sys
from pathlib import Path
from mockserver.sandbox.safefile import replace_file

def stop(descriptor):
    print("written", flush=True)
    os.kill(os.getpid(), {signal})

os.fsync = stop
replace_file(Path(sys.argv[1]), b"new")
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(one.name for one in directory.iterdir())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def _careless_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_careless_umask")
def test_a_new_file_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    replace_file(tmp_path / "state.json", b"new")
    assert (tmp_path / "state.json").read_bytes() == b"new"
    assert mode_of(tmp_path / "state.json") == 0o600


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400])
def test_a_file_keeps_its_mode(file: Path, mode: int) -> None:
    file.chmod(mode)
    replace_file(file, b"new")
    assert (file.read_bytes(), mode_of(file), names(file.parent)) == (b"new", mode, ["state.json"])


def test_a_symlink_stays_one_and_what_it_leads_to_is_replaced(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.json"
    link.symlink_to(file)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert (file.read_bytes(), names(link.parent)) == (b"new", ["link.json"])


def test_a_symlink_to_nothing_makes_what_it_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "state.json")
    replace_file(link, b"new")
    assert (tmp_path / "state.json").read_bytes() == b"new"
    assert link.is_symlink()


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        replace_file(tmp_path / "pipe", b"new")
    assert names(tmp_path) == ["pipe"]


def test_the_scratch_file_is_private_unpredictable_and_beside_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []
    real = os.fsync

    def look(descriptor: int) -> None:
        seen.extend((one.name, mode_of(one)) for one in file.parent.iterdir() if one != file and one.is_file())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    for _ in range(2):
        file.chmod(0o600)
        replace_file(file, b"new")
    (first, first_mode), (second, second_mode) = seen
    assert (first_mode, second_mode) == (0o600, 0o600)
    assert first != second


def test_the_text_and_the_rename_are_on_the_disk_before_it_returns(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def note(descriptor: int) -> None:
        synced.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        synced.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "replace", replace)
    replace_file(file, b"new")
    assert synced == ["file", "rename", "directory"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_when_it_fails_the_old_file_stays_and_no_scratch_file_does(
    file: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=os.strerror(code)):
        replace_file(file, b"new")
    assert (file.read_bytes(), names(file.parent)) == (b"old", ["state.json"])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_what_a_killed_process_leaves_is_swept_and_the_file_is_whole(file: Path) -> None:
    with python("-c", WRITER.format(signal="signal.SIGKILL"), str(file)) as process:
        assert process.wait(timeout=20) == -signal.SIGKILL
    assert file.read_bytes() == b"old"
    assert len(names(file.parent)) == 2
    other = file.with_name(".state.json.backup.part")
    other.write_bytes(b"somebody's own")
    sweep(file)
    assert names(file.parent) == [".state.json.backup.part", "state.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP on Windows")
def test_what_a_living_process_is_writing_is_not_swept(file: Path) -> None:
    with python("-c", WRITER.format(signal="signal.SIGSTOP"), str(file)) as process:
        assert line_of(process) == "written"
        sweep(file)
        assert len(names(file.parent)) == 2
        process.send_signal(signal.SIGCONT)
        process.kill()


def test_a_symlink_with_the_name_of_a_scratch_file_is_left_alone(file: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    link = file.with_name(f".state.json.{'0' * 16}.part")
    link.symlink_to(precious)
    sweep(file)
    assert link.is_symlink()
    assert precious.read_bytes() == b"precious"


def test_a_file_that_is_mounted_by_itself_is_refused_with_a_way_out(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says to a rename over a mount point, which `docker run -v FILE:FILE` makes."""

    def busy(*_: object) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(OSError, match="mount its directory"):
        replace_file(file, b"new")
    assert (file.read_bytes(), names(file.parent)) == (b"old", ["state.json"])

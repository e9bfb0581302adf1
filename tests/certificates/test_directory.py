"""The CA in its directory: one for all processes, renewed in time, never half written."""

import fcntl
import logging
import os
import ssl
import stat
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest

from mockserver.certificates.authority import read_authority, sign_leaf
from mockserver.certificates.context import server_context
from mockserver.certificates.directory import CaDirectory, CaDirectoryProblem, default_directory
from mockserver.certificates.server import names_of
from tests.certificates.support import HOSTS, NAMES, HandClock, ca_of, far, shake_hands, trusting
from tests.server.processes import line_of, python

CHILD = """
import sys
from hashlib import sha256
from pathlib import Path
from mockserver.certificates.directory import CaDirectory
from mockserver.certificates.server import names_of
from mockserver.clockwork.clock import machine_now
directory = CaDirectory(Path(sys.argv[1]), now=machine_now, patience=60)
print("ready", flush=True)
authority, place = directory.obtain(names_of(sys.argv[2:]))
print(sha256(authority.secret_pem + place.certificate.read_bytes()).hexdigest(), flush=True)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_for_its_owner_and_the_certificate_for_everybody(tmp_path: Path) -> None:
    authority = ca_of(tmp_path / "state" / "ca")
    directory = tmp_path / "state" / "ca"
    assert (mode(directory), mode(directory / "ca.key"), mode(directory / "ca.pem")) == (0o700, 0o600, 0o644)
    assert (directory / "ca.pem").read_bytes() == authority.pem
    assert b"PRIVATE" not in (directory / "ca.pem").read_bytes()
    assert sorted(path.name for path in directory.iterdir()) == ["ca.key", "ca.lock", "ca.pem"]


def test_the_same_ca_is_there_the_next_time(tmp_path: Path) -> None:
    assert ca_of(tmp_path).secret_pem == ca_of(tmp_path).secret_pem


@pytest.mark.parametrize("old", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["none", "old"])
def test_processes_that_start_at_once_end_with_one_ca(tmp_path: Path, old: bool) -> None:
    if old:
        clock = HandClock()
        clock.pass_by(days=-350)
        ca_of(tmp_path, clock)
    with ExitStack() as stack, (tmp_path / "ca.lock").open("w") as lock:
        # Held until all have seen that there is something to make.
        fcntl.flock(lock, fcntl.LOCK_EX)
        children = [stack.enter_context(python("-c", CHILD, str(tmp_path), *HOSTS)) for _ in range(5)]
        assert [line_of(child) for child in children] == ["ready"] * 5
        fcntl.flock(lock, fcntl.LOCK_UN)
        printed = {line_of(child) for child in children}
    secret, public = (tmp_path / "ca.key").read_bytes(), (tmp_path / "ca.pem").read_bytes()
    assert printed == {sha256(secret + public).hexdigest()}
    assert not old or read_authority(secret).is_fresh(HandClock()())


def test_a_certificate_that_was_lost_in_a_crash_is_written_anew(tmp_path: Path) -> None:
    authority = ca_of(tmp_path)
    (tmp_path / "ca.pem").unlink()
    assert ca_of(tmp_path).secret_pem == authority.secret_pem
    assert (tmp_path / "ca.pem").read_bytes() == authority.pem
    (tmp_path / "ca.pem").write_text("something else")
    ca_of(tmp_path)
    assert (tmp_path / "ca.pem").read_bytes() == authority.pem


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".ca.key.0123456789abcdef.part"
    left.write_text("half a key")
    ca_of(tmp_path)
    assert not left.exists()


def test_a_ca_is_renewed_when_less_than_a_month_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = far()
    first = ca_of(tmp_path, clock)
    clock.pass_by(days=335)
    assert ca_of(tmp_path, clock).pem == first.pem
    clock.pass_by(seconds=1)
    second = ca_of(tmp_path, clock)
    assert second.pem != first.pem
    assert second.is_fresh(clock())
    assert (tmp_path / "ca.pem").read_bytes() == second.pem
    (line,) = caplog.messages
    assert line == f"the CA {tmp_path}/ca.pem was renewed: where you installed it, do so again until 2032-04-30"


def test_clients_that_trust_the_old_certificate_take_what_the_renewed_ca_signs_and_the_other_way(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    clock.pass_by(days=-340)
    old = ca_of(tmp_path, clock)
    clock.pass_by(days=340)
    old_leaf = sign_leaf(old, NAMES.all, clock())
    new = ca_of(tmp_path, clock)
    assert new.certificate.subject == old.certificate.subject
    assert new.certificate.serial_number != old.certificate.serial_number
    shake_hands(trusting(old.pem), server_context(sign_leaf(new, NAMES.all, clock())), "localhost")
    shake_hands(trusting(new.pem), server_context(old_leaf), "localhost")
    shake_hands(trusting(old.pem, new.pem), server_context(old_leaf), "localhost")


def test_a_ca_of_the_future_is_renewed_too(tmp_path: Path) -> None:
    first = ca_of(tmp_path, far())
    second = ca_of(tmp_path)
    assert second.is_fresh(HandClock()())
    assert second.key.private_numbers() == first.key.private_numbers()


def test_a_name_that_the_ca_does_not_cover_gets_a_second_ca_beside_it(tmp_path: Path) -> None:
    usual = ca_of(tmp_path)
    second = ca_of(tmp_path, None, "mock", "10.1.2.3")
    again = ca_of(tmp_path, None, "10.1.2.3", "mock")
    assert second.pem == again.pem != usual.pem
    assert set(second.permitted) == {*HOSTS, "localhost", "127.0.0.1", "::1", "mock", "10.1.2.3"}
    assert ca_of(tmp_path).pem == usual.pem
    leaf = sign_leaf(second, ["mock", "10.1.2.3"], HandClock()())
    shake_hands(trusting(second.pem), server_context(leaf), "10.1.2.3")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(trusting(usual.pem), server_context(leaf), "mock")
    assert ca_of(tmp_path, None, "mock").pem not in (usual.pem, second.pem)


def test_a_subdomain_needs_no_second_ca(tmp_path: Path) -> None:
    assert ca_of(tmp_path, None, "shop.api.acme.example", "shop.localhost").pem == ca_of(tmp_path).pem


def test_the_second_ca_alone_makes_no_usual_one(tmp_path: Path) -> None:
    ca_of(tmp_path, None, "mock")
    assert not (tmp_path / "ca.key").exists()
    assert set(ca_of(tmp_path).permitted) == {*HOSTS, "localhost", "127.0.0.1", "::1"}


def test_a_ca_with_more_names_serves_an_installation_with_fewer(tmp_path: Path) -> None:
    more = CaDirectory(tmp_path, now=HandClock()).obtain(names_of([*HOSTS, "pigeon.example"]))[0]
    assert ca_of(tmp_path).pem == more.pem


def truncated(secret: bytes) -> bytes:
    return secret[:300]


def foreign(secret: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\nnothing of ours\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("spoil", [truncated, foreign, lambda secret: b""], ids=["truncated", "foreign", "empty"])
def test_a_file_that_is_no_ca_is_kept_aside_and_a_new_ca_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[bytes], bytes]
) -> None:
    old = ca_of(tmp_path)
    spoilt = spoil(old.secret_pem)
    (tmp_path / "ca.key").write_bytes(spoilt)
    new = ca_of(tmp_path)
    assert new.pem != old.pem
    assert (tmp_path / "ca.pem").read_bytes() == new.pem
    assert (tmp_path / "ca.key.unusable").read_bytes() == spoilt
    (line,) = caplog.messages
    assert line.startswith(f"the CA {tmp_path}/ca.key cannot be used: it does not hold a key and a certificate; ")
    assert "ca.key.unusable" in line
    assert "PRIVATE" not in line
    assert mode(tmp_path / "ca.key") == 0o600


def test_a_ca_for_other_names_is_not_taken_for_the_second_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = CaDirectory(tmp_path, now=HandClock())
    place = directory.obtain(names_of(HOSTS, ["mock"]))[1]
    place.key.write_bytes(ca_of(tmp_path).secret_pem)
    assert "mock" in ca_of(tmp_path, None, "mock").permitted
    assert "it is for other names" in caplog.text


def test_a_file_in_place_of_the_directory_is_a_problem_that_names_the_flag(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CaDirectoryProblem) as raised:
            ca_of(path)
        message = f"the CA directory {path} cannot be used (Not a directory): choose another with --ca-dir"
        assert str(raised.value) == message


def test_what_is_no_file_in_place_of_the_key_is_a_problem_and_nobody_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "one" / "ca.key").mkdir(parents=True)
    with pytest.raises(CaDirectoryProblem, match=r"ca\.key is not a regular file"):
        ca_of(tmp_path / "one")
    (tmp_path / "two").mkdir()
    os.mkfifo(tmp_path / "two" / "ca.key")
    with pytest.raises(CaDirectoryProblem, match=r"ca\.key is not a regular file"):
        ca_of(tmp_path / "two")


def test_a_lock_that_another_process_does_not_release_is_waited_for_in_vain(tmp_path: Path) -> None:
    with (tmp_path / "ca.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CaDirectoryProblem, match=r"another process has held ca\.lock"):
            CaDirectory(tmp_path, now=HandClock(), patience=0).obtain(NAMES)
    assert not (tmp_path / "ca.key").exists()


def test_the_default_directory_is_that_of_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_directory().name == "mockserver"


def test_logs_hold_nothing_of_the_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    clock = far()
    secret = ca_of(tmp_path, clock).secret_pem
    clock.pass_by(days=350)
    ca_of(tmp_path, clock)
    (tmp_path / "ca.key").write_bytes(secret[:200])
    ca_of(tmp_path, clock)
    assert len(caplog.messages) == 2
    lines = [line for line in secret.decode().splitlines() if "-----" not in line]
    assert not any(line in caplog.text for line in lines)

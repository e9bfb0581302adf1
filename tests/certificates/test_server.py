"""What a server asks of certificates."""

import asyncio
import os
import ssl
from pathlib import Path

import pytest

from mockserver.certificates.names import LOCAL
from mockserver.certificates.server import ServerCertificates
from tests.certificates.support import HOSTS, HandClock, ca_of, certificates_in, far, shake_hands, trusting
from tests.server.processes import line_of, python
from tests.support import heartbeat

pytestmark = pytest.mark.anyio


async def test_openssl_accepts_the_certificate_for_every_name_of_the_server(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path, None, "mock", "10.9.8.7")
    context, client = await certificates.context(), trusting(await certificates.ca_certificate())
    assert set(certificates.names()) == {*HOSTS, *LOCAL, "mock", "10.9.8.7"}
    for name in certificates.names():
        shake_hands(client, context, name)
    for name in ("example.com", "shop.api.acme.example", "127.0.0.2"):
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(client, context, name)


async def test_http_1_1_is_agreed_on_and_tls_1_2_is_the_least(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    context, client = await certificates.context(), trusting(await certificates.ca_certificate())
    client.set_alpn_protocols(["h2", "http/1.1"])
    assert shake_hands(client, context, "localhost").selected_alpn_protocol() == "http/1.1"
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shake_hands(client, context, "localhost").version() == "TLSv1.2"


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("api.acme.example", True),
        ("API.ACME.example.", True),
        ("localhost", True),
        ("mock", True),
        ("shop.api.acme.example", False),
        ("acme.example", False),
        ("example.com", False),
        (None, True),
        ("", True),
        ("127.0.0.1", True),
        ("192.168.0.7", True),
        ("::1", True),
    ],
)
async def test_the_names_themselves_are_covered_and_so_is_who_asks_for_none(
    tmp_path: Path, name: str | None, covered: bool
) -> None:
    assert certificates_in(tmp_path, None, "Mock.").covers(name) is covered


async def test_all_who_wait_at_once_share_one_context_and_it_stays(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    contexts = await asyncio.gather(*(certificates.context() for _ in range(20)))
    assert len(set(map(id, [*contexts, await certificates.context()]))) == 1


async def test_who_leaves_early_does_not_end_the_making_for_the_others(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    first, second = (asyncio.ensure_future(certificates.context()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is await certificates.context()


async def test_making_a_certificate_holds_nobody_else(tmp_path: Path) -> None:
    async with heartbeat() as waits:
        await certificates_in(tmp_path).context()
    assert len(waits) > 1
    assert max(waits) < 0.05


async def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path / "ca")
    assert certificates.known_ca() is None
    assert not (tmp_path / "ca").exists()
    assert certificates.covers("localhost")
    pem = await certificates.ca_certificate()
    assert certificates.known_ca() == certificates_in(tmp_path / "ca").known_ca() == pem


async def test_a_running_server_renews_its_certificate_ten_days_before_it_runs_out(tmp_path: Path) -> None:
    clock = far()
    certificates = certificates_in(tmp_path, clock)
    first = await certificates.context()
    clock.pass_by(days=19.99)
    assert await certificates.context() is first
    clock.pass_by(days=0.02)
    # Still in force: it serves until the new one is there, which nobody waits for.
    before = asyncio.all_tasks()
    assert await certificates.context() is first
    (making,) = asyncio.all_tasks() - before
    await making
    second = await certificates.context()
    assert second is not first
    clock.pass_by(days=31)
    third = await certificates.context()
    assert third is not second


async def test_a_running_server_renews_its_ca_and_keeps_its_key(tmp_path: Path) -> None:
    clock = far()
    certificates = certificates_in(tmp_path, clock)
    first = await certificates.ca_certificate()
    clock.pass_by(days=340)
    second = await certificates.ca_certificate()
    assert (tmp_path / "ca.pem").read_bytes() == second != first


async def test_without_a_directory_the_ca_is_in_memory_and_one_line_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    certificates = certificates_in(tmp_path / "file", None, "mock")
    pem = await certificates.ca_certificate()
    shake_hands(trusting(pem), await certificates.context(), "mock")
    assert await certificates.ca_certificate() == certificates.known_ca() == pem
    (line,) = caplog.messages
    assert str(tmp_path / "file") in line
    assert "--ca-dir" in line


async def test_a_user_without_a_home_has_a_ca_in_memory(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "~")
    monkeypatch.setattr("pwd.getpwuid", lambda uid: {}[uid])
    certificates = ServerCertificates(HOSTS)
    assert certificates.known_ca() is None
    assert await certificates.ca_certificate() == certificates.known_ca()
    assert os.listdir(tmp_path) == []
    assert "user without a home directory: choose one with --ca-dir" in caplog.text


async def test_a_directory_that_goes_away_leaves_a_running_server_its_ca(tmp_path: Path) -> None:
    clock = HandClock()
    clock.pass_by(days=-350)
    certificates = certificates_in(tmp_path / "ca", clock)
    old = await certificates.ca_certificate()
    (tmp_path / "ca").rename(tmp_path / "away")
    (tmp_path / "ca").touch()
    clock.pass_by(days=350)
    shake_hands(trusting(await certificates.ca_certificate()), await certificates.context(), "localhost")
    shake_hands(trusting(old), await certificates.context(), "localhost")


async def test_a_ca_that_can_be_read_and_not_renewed_goes_on_in_memory(tmp_path: Path) -> None:
    clock = HandClock()
    clock.pass_by(days=-350)
    old = ca_of(tmp_path, clock)
    (tmp_path / "ca.lock").unlink()
    (tmp_path / "ca.lock").mkdir()  # as on a file system that is read only
    certificates = certificates_in(tmp_path)
    assert await certificates.ca_certificate() != old.pem
    shake_hands(trusting(old.pem), await certificates.context(), "localhost")


async def test_what_cannot_be_written_beside_the_key_does_not_matter_to_a_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = ca_of(tmp_path)
    (tmp_path / "ca.pem").unlink()
    (tmp_path / "ca.pem").mkdir()
    assert await certificates_in(tmp_path).ca_certificate() == old.pem
    assert caplog.messages == []


@pytest.mark.parametrize("memory", [True, False])
async def test_no_key_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: bool) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    loaded: list[bytes] = []
    if not memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    load = ssl.SSLContext.load_cert_chain

    def watched(self: ssl.SSLContext, certfile: Path, **more: str) -> None:
        loaded.append(Path(certfile).read_bytes())
        assert (list(temporary.iterdir()) == []) is memory
        load(self, certfile, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    await certificates_in(tmp_path / "ca").context()
    assert [b"BEGIN ENCRYPTED PRIVATE KEY" in data and b"BEGIN PRIVATE KEY" not in data for data in loaded] == [True]
    assert list(temporary.iterdir()) == []


async def test_a_failure_is_told_and_the_next_client_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = certificates_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("mockserver.certificates.context.server_context", lambda leaf: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await certificates.context()
    assert caplog.messages == ["no certificate could be made: ZeroDivisionError: division by zero"]
    assert await certificates.context() is await certificates.context()


async def test_the_names_are_those_that_the_providers_declare() -> None:
    from tests.served import ACME, PROVIDERS

    hosts = [host for provider in (*PROVIDERS, ACME) for host in provider.hosts]
    assert set(ServerCertificates(hosts).names()) == {
        *LOCAL,
        "api.doctorsim.com",
        "www.doctorsim.com",
        "doctorsim.com",
        "api.hidsim.com",
        "hidsim.com",
        "www.hidsim.com",
        "daisysim.com",
        "www.daisysim.com",
        "api.acme.example",
    }


def test_a_start_of_the_server_loads_no_cryptography(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from mockserver.app import create_app\n"
        "import mockserver.cli, mockserver.cli.ca, mockserver.server, mockserver.certificates.server\n"
        "app = create_app()\n"
        "asyncio.run(app.startup())\n"
        "print(sorted({'cryptography', 'platformdirs', 'certifi'} & set(sys.modules)))\n"
    )
    with python("-c", script, XDG_STATE_HOME=str(tmp_path)) as process:
        assert line_of(process) == "[]"
    assert list(tmp_path.iterdir()) == []

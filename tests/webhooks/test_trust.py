"""Https receivers whose certificates the system does not know."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from mockserver.app import App
from mockserver.certificates.authority import sign_leaf
from mockserver.certificates.context import server_context
from mockserver.clockwork.clock import machine_now
from mockserver.webhooks.dispatcher import Dispatcher
from mockserver.webhooks.model import Outcome
from mockserver.webhooks.trust import Trust
from tests.certificates.support import ca_of, certificates_in
from tests.outside import AcmeWorld
from tests.served import ACME
from tests.support import frozen_settings, started
from tests.webhooks.receivers import Visit, always, receiving

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def foreign() -> trustme.CA:
    """A CA that no system knows."""
    return trustme.CA()


def written(ca: trustme.CA, path: Path) -> Path:
    ca.cert_pem.write_to_path(path)
    return path


def tls_of(ca: trustme.CA, name: str = "receiver.test") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


async def accept(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 204 No Content\r\n\r\n")


async def post(dispatcher: Dispatcher, tls: ssl.SSLContext | None, host: str = "receiver.test") -> Outcome:
    # In asyncio's debug mode a server complains about clients that leave during the handshake; here some do.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with receiving(accept, tls=tls) as receiver:
        return await dispatcher.attempt(
            url=receiver.url(host=host, scheme="https" if tls else "http"), body=b"{}", headers={}
        )


async def outcome_of(trust: Trust, tls: ssl.SSLContext, host: str = "receiver.test") -> Outcome:
    dispatcher = Dispatcher(always("127.0.0.1"), verify=trust)
    try:
        return await post(dispatcher, tls, host)
    finally:
        await dispatcher.close()


async def test_a_ca_in_a_file_vouches_for_a_receiver_and_for_its_name_only(foreign: trustme.CA, tmp_path: Path) -> None:
    trust = Trust([written(trustme.CA(), tmp_path / "one.pem"), written(foreign, tmp_path / "two.pem")])
    assert (await outcome_of(trust, tls_of(foreign))).verdict == "delivered"
    other = await outcome_of(trust, tls_of(foreign), "other.test")
    assert other.verdict == "unreachable"
    assert "other.test" in other.detail


async def test_without_the_file_the_receiver_is_not_trusted(foreign: trustme.CA) -> None:
    outcome = await outcome_of(Trust(), tls_of(foreign))
    assert outcome.verdict == "unreachable"
    assert "certificate verify failed" in outcome.detail


async def test_the_file_of_the_usual_variable_counts_beside_the_systems_roots(
    foreign: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = len(Trust().context().get_ca_certs())
    monkeypatch.setenv("SSL_CERT_FILE", str(written(foreign, tmp_path / "ca.pem")))
    assert (await outcome_of(Trust(), tls_of(foreign))).verdict == "delivered"
    assert len(Trust().context().get_ca_certs()) >= 100
    assert usual >= 100


async def test_a_file_that_cannot_be_read_is_a_line_of_the_log_and_stops_no_webhook(
    foreign: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = tmp_path / "spoilt.pem"
    spoilt.write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(spoilt))
    trust = Trust([tmp_path / "gone.pem", written(foreign, tmp_path / "good.pem")])
    dispatcher = Dispatcher(always("127.0.0.1"), verify=trust)
    for tls in (None, tls_of(foreign)):
        assert (await post(dispatcher, tls)).verdict == "delivered"
    await dispatcher.close()
    assert [line.partition(" cannot be read (")[0] for line in caplog.messages] == [
        f"the certificates in {file}" for file in (spoilt, tmp_path / "gone.pem")
    ]


async def test_a_file_may_hold_an_intermediate_ca_alone(foreign: trustme.CA, tmp_path: Path) -> None:
    middle = foreign.create_child_ca()
    assert (await outcome_of(Trust([written(middle, tmp_path / "middle.pem")]), tls_of(middle))).verdict == "delivered"


async def test_the_local_ca_counts_as_soon_as_there_is_one(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path / "ca")
    dispatcher = Dispatcher(always("127.0.0.1"), verify=Trust((), certificates.known_ca))
    assert (await post(dispatcher, None)).verdict == "delivered"
    assert not (tmp_path / "ca").exists()
    # Another server of this user makes it.
    tls = server_context(sign_leaf(ca_of(tmp_path / "ca"), ["api.acme.example"], machine_now()))
    assert (await post(dispatcher, tls, "api.acme.example")).verdict == "delivered"
    await dispatcher.close()


async def test_a_server_delivers_to_a_receiver_that_the_flag_vouches_for(foreign: trustme.CA, tmp_path: Path) -> None:
    settings = frozen_settings(webhook_ca=(written(foreign, tmp_path / "ca.pem"),), ca_dir=tmp_path / "none")
    async with receiving(accept, tls=tls_of(foreign, "localhost")) as receiver:
        async with started(App(settings, [ACME])) as one:
            world = AcmeWorld(one.app, one.client)
            await world.send_to(receiver.url(host="localhost", scheme="https"))
            await world.push(await world.rent())
            async with asyncio.timeout(10):
                await receiver.arrived.wait()
        assert [visit.headers["host"] for visit in receiver.visits] == [f"localhost:{receiver.port}"]

"""Webhook receivers with TLS: the server name that is sent, and the certificates that are accepted."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from mockserver.webhooks.dispatcher import Dispatcher
from mockserver.webhooks.model import Outcome
from tests.webhooks.receivers import Visit, always, receiving

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of receiver.test, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-subj", "/CN=receiver.test", "-addext", "subjectAltName=DNS:receiver.test"),
            *("-keyout", str(file), "-out", str(file.with_suffix(".crt"))),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


async def accept(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 204 No Content\r\n\r\n")


async def post(certificate: Path, host: str, *, verify: bool | ssl.SSLContext) -> tuple[Outcome, list[str]]:
    """The outcome, and the Host headers that came through."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    # In asyncio's debug mode a server complains about clients that leave during the handshake; here they should.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with receiving(accept, tls=tls) as receiver:
        dispatcher = Dispatcher(always("127.0.0.1"), verify=verify)
        outcome = await dispatcher.attempt(url=receiver.url(host=host, scheme="https"), body=b"{}", headers={})
        await dispatcher.close()
    return outcome, [visit.headers["host"].partition(":")[0] for visit in receiver.visits]


async def test_a_certificate_that_nobody_vouches_for_is_not_taken(certificate: Path) -> None:
    outcome, visits = await post(certificate, "receiver.test", verify=True)
    assert (outcome.verdict, visits) == ("unreachable", [])
    assert "certificate verify failed" in outcome.detail


async def test_without_verification_any_certificate_is_taken(certificate: Path) -> None:
    outcome, visits = await post(certificate, "other.test", verify=False)
    assert (outcome.verdict, visits) == ("delivered", ["other.test"])


async def test_a_certificate_is_checked_against_the_host_name_and_not_the_address(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    outcome, visits = await post(certificate, "receiver.test", verify=trusting)
    assert (outcome.verdict, visits) == ("delivered", ["receiver.test"])
    outcome, visits = await post(certificate, "other.test", verify=trusting)
    assert (outcome.verdict, visits) == ("unreachable", [])
    assert "other.test" in outcome.detail


async def test_the_host_name_is_asked_for_in_the_handshake() -> None:
    hello = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(65_536))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        dispatcher = Dispatcher(always("127.0.0.1"))
        port = server.sockets[0].getsockname()[1]
        outcome = await dispatcher.attempt(url=f"https://receiver.test.:{port}/", body=b"", headers={})
        await dispatcher.close()
    assert outcome.verdict == "unreachable"
    assert b"\x00\x0dreceiver.test\x00" in await hello

"""`GET /_mock/ca.pem`."""

import ssl
from pathlib import Path

import pytest

from mockserver.app import App
from tests.control.problems import problem_of
from tests.served import ACME
from tests.support import ORIGIN, World, frozen_settings, heartbeat, started

pytestmark = pytest.mark.anyio
TOKEN = "right-token"


def serving(directory: Path, token: str | None = None) -> App:
    return App(frozen_settings(ca_dir=directory, token=token), [ACME])


async def test_it_hands_the_certificate_out_and_makes_the_ca_where_there_is_none(tmp_path: Path) -> None:
    async with started(serving(tmp_path)) as world:
        answer = await world.control("GET", "/ca.pem")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-pem-file")
        assert answer.content == (tmp_path / "ca.pem").read_bytes()
        assert b"PRIVATE" not in answer.content
        assert ssl.PEM_cert_to_DER_cert(answer.text)
        assert (await world.control("GET", "/ca.pem")).content == answer.content
        head = await world.control("HEAD", "/ca.pem")
        assert (head.content, int(head.headers["content-length"])) == (b"", len(answer.content))


async def test_it_is_that_of_the_server_where_no_file_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with started(serving(tmp_path / "file")) as world:
        answer = await world.control("GET", "/ca.pem")
        assert answer.content == world.app.certificates.known_ca()


async def test_no_token_is_needed_by_whatever_name_the_server_is_called(tmp_path: Path) -> None:
    async with started(serving(tmp_path, TOKEN)) as world:
        assert (await world.control("GET", "/clock")).status_code == 401
        for more in ({}, {"Host": "mock:7460"}, {"X-Mock-Token": "wrong"}):
            assert (await world.control("GET", "/ca.pem", headers=more)).status_code == 200
        problem_of(await world.control("GET", "/ca.pem", headers={"Host": "a b"}), 400)


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("headers", [{"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_foreign_page_gets_nothing(tmp_path: Path, token: str | None, headers: dict[str, str]) -> None:
    async with started(serving(tmp_path / "ca", token)) as world:
        problem_of(await world.control("GET", "/ca.pem", headers=headers), 403)
    assert not (tmp_path / "ca").exists()


async def test_a_foreign_host_is_refused_where_no_token_is_asked_for(world: World) -> None:
    assert (
        "foreign Host"
        in problem_of(await world.control("GET", "/ca.pem", headers={"Host": "evil.test"}), 403)["detail"]
    )


async def test_no_sandbox_is_made_for_it(tmp_path: Path) -> None:
    async with started(serving(tmp_path)) as world:
        assert (await world.beside("other").control("GET", "/ca.pem")).status_code == 200
        assert world.app.sandboxes.known("other") is None


async def test_making_it_holds_nobody_else(tmp_path: Path) -> None:
    async with started(serving(tmp_path)) as world:
        await world.control("GET", "/health")
        async with heartbeat() as waits:
            await world.control("GET", "/ca.pem")
    assert max(waits) < 0.05


async def test_it_is_described_and_linked(world: World) -> None:
    described = (await world.steer("GET", "/openapi.json"))["paths"]["/_mock/ca.pem"]["get"]
    assert described["security"] == [{}]
    assert list(described["responses"]["200"]["content"]) == ["application/x-pem-file"]
    assert (await world.steer("GET", ""))["links"]["ca.pem"] == f"{ORIGIN}/_mock/ca.pem"

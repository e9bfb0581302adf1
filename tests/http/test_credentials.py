"""Bearer credentials, as any provider reads them."""

from collections.abc import AsyncIterator

import pytest

from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running(rate_limits="off") as made:
        yield made


async def asked(world: AcmeWorld, header: str) -> tuple[int, str | None]:
    """The status, and the mistake that the journal notes."""
    answer = await world.ask("GET", "/balance", key=None, headers={"Authorization": header})
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    return answer.status_code, entry["mistake"]


@pytest.mark.parametrize("header", ["Bearer acme-demo", "bearer acme-demo", "BEARER   acme-demo  "])
async def test_the_scheme_is_read_in_any_case_and_spaces_do_no_harm(world: AcmeWorld, header: str) -> None:
    assert await asked(world, header) == (200, None)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "acme-demo", "Basic acme-demo", "Token acme-demo"])
async def test_without_a_bearer_token_there_is_no_credential(world: AcmeWorld, header: str) -> None:
    assert await asked(world, header) == (401, "MissingCredential")


@pytest.mark.parametrize("header", ["Bearer acme-demo acme-poor", "Bearer Bearer acme-demo", "Bearer somebody"])
async def test_a_token_of_nobody_is_unknown(world: AcmeWorld, header: str) -> None:
    assert await asked(world, header) == (401, "UnknownCredential")

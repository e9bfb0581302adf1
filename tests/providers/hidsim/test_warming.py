"""The modules and data of the first request are loaded in a thread beside the event loop."""

import threading

import pytest

from mockserver.providers.hidsim import warming
from mockserver.providers.hidsim.catalogue import catalogue
from tests.providers.hidsim.hid import Hid, hidsim

pytestmark = pytest.mark.anyio


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads in which the catalogue is made."""
    seen: list[str] = []

    def noted() -> object:
        seen.append(threading.current_thread().name)
        return catalogue()

    warming.load.cache_clear()
    monkeypatch.setattr(warming, "catalogue", noted)
    return seen


async def test_the_first_login_makes_the_catalogue_in_a_thread_and_the_next_not_again(threads: list[str]) -> None:
    async with hidsim() as hid:
        await hid.login()
        await Hid(hid.world, "poor@example.com").login()
    assert len(threads) == 1
    assert threads[0] != threading.main_thread().name


async def test_so_does_the_first_request_with_a_token_from_before(threads: list[str]) -> None:
    async with hidsim() as hid:
        await hid.login()
        state = await hid.world.steer("GET", "/state")
        warming.load.cache_clear()
        await hid.world.steer("PUT", "/state", state)
        assert await hid.balance() == 25
        assert await hid.balance() == 25
    assert len(threads) == 2

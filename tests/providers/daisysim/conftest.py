"""A world in which DaisySIM is used."""

from collections.abc import AsyncIterator

import pytest

from tests.providers.daisysim.judged import Daisy, daisy_running


@pytest.fixture
async def world() -> AsyncIterator[Daisy]:
    """A fresh world whose clock stands still, limits as documented."""
    async with daisy_running() as one:
        yield one

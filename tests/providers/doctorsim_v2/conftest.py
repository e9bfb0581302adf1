"""A world in which doctorSIM v2 is used."""

from collections.abc import AsyncIterator

import pytest

from tests.providers.doctorsim_v2.judged import V2, v2_running


@pytest.fixture
async def world() -> AsyncIterator[V2]:
    """A fresh world whose clock stands still, limits as documented."""
    async with v2_running() as one:
        yield one

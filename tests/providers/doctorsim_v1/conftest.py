"""A world in which doctorSIM v1 is used."""

from collections.abc import AsyncIterator

import pytest

from tests.providers.doctorsim_v1.client import V1, serving


@pytest.fixture
async def v1() -> AsyncIterator[V1]:
    """A client in a world whose clock stands still."""
    async with serving() as client:
        yield client

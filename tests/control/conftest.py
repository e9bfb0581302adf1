"""A world for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.support import World, running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A frozen sandbox without rate limits."""
    async with running(rate_limits="off") as made:
        yield made

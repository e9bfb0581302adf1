"""A fresh app and client for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.outside import AcmeWorld, acme_running


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    """A frozen sandbox without rate limits; the invented provider alone is served, which stands for all of them."""
    async with acme_running(rate_limits="off") as made:
        yield made

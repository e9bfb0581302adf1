"""A fresh app and client for each test."""

from collections.abc import AsyncIterator

import pytest

from mockserver.app import App
from mockserver.providers import daisysim
from tests.support import World, frozen_settings, started


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A frozen sandbox without rate limits; DaisySIM alone is served, which stands for all providers."""
    async with started(App(frozen_settings(rate_limits="off"), [daisysim.PROVIDER])) as made:
        yield made

"""A client on its way through OAuth."""

from collections.abc import AsyncIterator

import pytest

from tests.providers.doctorsim_v2.judged import v2_running
from tests.providers.doctorsim_v2.oauth.flows import Flow


@pytest.fixture
async def flow() -> AsyncIterator[Flow]:
    """An authorization server in a fresh world whose clock stands still."""
    async with v2_running() as world:
        yield Flow(world)

"""What every test runs under."""

import pytest
from hypothesis import settings

# An example that failed elsewhere can be replayed from its blob; a slow machine is no failure.
settings.register_profile("ci", deadline=None, max_examples=60, print_blob=True)
settings.load_profile("ci")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, which is what the server runs on."""
    return "asyncio"

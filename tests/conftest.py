"""Fixtures and settings for all tests."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# An example that failed elsewhere can be replayed from its blob; a slow machine is no failure.
settings.register_profile("ci", deadline=None, max_examples=60, print_blob=True)
settings.load_profile("ci")

# httpx looks for sniffio at every request in process, which takes as long as a request when it is not there.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, which is what the server runs on."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _state_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test leaves a CA in the home of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `full` or `programs`, unless `-m` speaks of it."""
    asked = str(config.getoption("markexpr"))
    unasked = [marker for marker in ("full", "programs") if marker not in asked]
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in unasked)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]

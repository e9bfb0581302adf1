"""The stores that the contract suite runs on; a new store is one more line."""

from collections.abc import Callable
from typing import cast

import pytest

from mockserver.stores.base import Store
from mockserver.stores.memory import MemoryStore

OpenStore = Callable[[], Store]
BACKENDS: dict[str, OpenStore] = {"memory": MemoryStore}


@pytest.fixture(params=list(BACKENDS.values()), ids=list(BACKENDS))
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Opens an empty store of one backend."""
    return cast(OpenStore, request.param)

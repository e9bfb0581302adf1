"""How a request reached the server: through which scheme and tunnel, and for which sandbox."""

from typing import NamedTuple

from starlette.types import Scope

#: In a request's scope: its `WayIn`.
WAY_IN = "mock.way_in"
#: The header with which a reverse proxy says whose request it is.
SANDBOX_HEADER = b"x-mock-sandbox"


class WayIn(NamedTuple):
    """How a connection came in.

    `sandbox` is the name that the proxy user or `X-Mock-Sandbox` gave, None without one; `tunnel` the host and port
    that CONNECT named.
    """

    scheme: str = "http"
    sandbox: str | None = None
    tunnel: str | None = None

    def into(self, sandbox: str) -> "WayIn":
        """Return the same way for a request that names a sandbox itself; the one of the proxy user wins."""
        return self if self.sandbox is not None else self._replace(sandbox=sandbox)


DIRECT = WayIn()


def way_in_of(scope: Scope) -> WayIn:
    """Return how the request came in; a request without a note of the listener came directly."""
    way_in: WayIn | None = scope.get(WAY_IN)
    if way_in is None:
        named = [value for name, value in scope["headers"] if name == SANDBOX_HEADER]
        way_in = DIRECT.into(named[0].decode("latin-1")) if named else DIRECT
    return way_in

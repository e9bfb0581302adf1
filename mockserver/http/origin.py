"""The scheme and host of a request, from which the addresses in answers are made."""

from starlette.types import Scope

from mockserver.domain.hosts import host_name


def origin_of(scope: Scope, host: str | None) -> str:
    """Return the address at which the client reached this server (`http://localhost:7460`); `host` is its Host header.

    Addresses in answers begin with it, so that they lead back to where the client came from. For a malformed Host it
    is `localhost`.
    """
    return f"{scope.get('scheme', 'http')}://{host if host is not None and host_name(host) else 'localhost'}"

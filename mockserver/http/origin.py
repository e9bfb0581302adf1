"""Scheme and host of a request, for every address that an answer names."""

from starlette.types import Scope

from mockserver.domain.hosts import host_name


def origin_of(scope: Scope, host: str | None) -> str:
    """Where the client reached this server (`http://localhost:7460`); `host` is its Host header.

    Addresses in answers are all made of this, so that they lead back to where the client came from. What is no host
    is not repeated.
    """
    return f"{scope.get('scheme', 'http')}://{host if host is not None and host_name(host) else 'localhost'}"

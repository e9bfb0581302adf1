"""Where the API and its authorization server are, as the client that asks reaches them."""

from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidTarget
from mockserver.providers.doctorsim_v2.settings import API_HOST, PREFIX, WWW_HOST

#: What the vendor's own documents call the API; clients may name it by that wherever the mock runs.
VENDORS_RESOURCE = f"https://{API_HOST}{PREFIX}"
#: Where each mount of the provider ends.
_MOUNTS = (f"{PREFIX}/.well-known", "/.well-known", PREFIX)


def issuer_of(call: Call) -> str:
    """The authorization server, from a call of either host."""
    return _host_root(call, WWW_HOST)


def resource_of(call: Call) -> str:
    """The API that the tokens are for, from a call of either host."""
    return f"{_host_root(call, API_HOST)}{PREFIX}"


def resource_wanted(call: Call, asked: str | None) -> str:
    """The resource that a request names (RFC 8707), None for the only one there is; raises InvalidTarget.

    It is the API's address here, or the one that the vendor's documents have.
    """
    here = resource_of(call)
    wanted = (asked or here).rstrip("/")
    if wanted not in (here, VENDORS_RESOURCE):
        raise InvalidTarget(f"resource must be {here} or {VENDORS_RESOURCE}")
    return wanted


def _host_root(call: Call, host: str) -> str:
    """The address of one of the two hosts, at the place where the call found its own."""
    base = call.base_url
    root = next((base.removesuffix(mount) for mount in _MOUNTS if base.endswith(mount)), base)
    for known in (API_HOST, WWW_HOST):
        place = root.lower().rfind(known)
        if place >= 0:
            return f"{root[:place]}{host}{root[place + len(known) :]}"
    return root

"""The addresses of the API and of its authorization server, as the calling client reaches them."""

from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidTarget
from mockserver.providers.doctorsim_v2.settings import API_HOST, PREFIX, WWW_HOST

#: The address of the API in the vendor's own documents; clients may use it as its name wherever the mock runs.
VENDORS_RESOURCE = f"https://{API_HOST}{PREFIX}"
#: The ends of the provider's mounts.
_MOUNTS = (f"{PREFIX}/.well-known", "/.well-known", PREFIX)


def issuer_of(call: Call) -> str:
    """Return the address of the authorization server, from a call of either host."""
    return _host_root(call, WWW_HOST)


def resource_of(call: Call) -> str:
    """Return the address of the API that the tokens are for, from a call of either host."""
    return f"{_host_root(call, API_HOST)}{PREFIX}"


def requested_resource(call: Call, name: str | None) -> str:
    """Return the resource that a request names (RFC 8707); None means the only one there is. Raises InvalidTarget.

    A resource is the API's address here, or the one in the vendor's documents.
    """
    here = resource_of(call)
    resource = (name or here).rstrip("/")
    if resource not in (here, VENDORS_RESOURCE):
        raise InvalidTarget(f"resource must be {here} or {VENDORS_RESOURCE}")
    return resource


def _host_root(call: Call, host: str) -> str:
    """Return the address of one of the two hosts, by putting it in the place of the call's host."""
    base = call.base_url
    root = next((base.removesuffix(mount) for mount in _MOUNTS if base.endswith(mount)), base)
    for own_host in (API_HOST, WWW_HOST):
        place = root.lower().rfind(own_host)
        if place >= 0:
            return f"{root[:place]}{host}{root[place + len(own_host) :]}"
    return root

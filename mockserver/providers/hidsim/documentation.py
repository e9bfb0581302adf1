"""The paths `/docs` and `/redoc`, where the page says the reference is; here they lead to this emulation's own."""

from mockserver.http.call import Call
from mockserver.http.provider import Annex, Endpoint, Mount, Outcome
from mockserver.http.replies import Reply
from mockserver.providers.hidsim import errors
from mockserver.providers.hidsim.settings import HOST

_PAGE = "/_mock/docs/hidsim"
_LEADS = Outcome(302, "The documentation of this emulation, for the same sandbox.", headers=("Location",))


async def documentation(call: Call) -> Reply:
    """Redirect to the documentation page of the call's sandbox.

    The location is a path, save where the Host header is HidSim's: under that name the control API answers nobody
    without a token, so the location names the server's own address.
    """
    _host, *parts = call.base_url.partition("://")[2].split("/")
    sandbox = f"/{parts[0]}" if parts[0].startswith("~") else ""
    own = HOST in [part.lower() for part in parts] or not call.server
    origin = "" if own else f"{call.base_url.partition(':')[0]}://{call.server}"
    return Reply(b"", 302, (("Location", f"{origin}{sandbox}{_PAGE}"),), "text/plain")


def _annex(name: str) -> Annex:
    endpoint = Endpoint(
        "GET",
        "/",
        documentation,
        name=name,
        summary="Leads to the documentation of this emulation",
        gives="hidsim/documentation",
        status=302,
        public=True,
        provenance="assumed",
        media=None,
        outcomes=(_LEADS,),
    )
    return Annex(Mount(HOST, f"/{name}"), (endpoint,), errors.wrap, errors.refuse)


ANNEXES = tuple(_annex(name) for name in ("docs", "redoc"))

"""Calls that no endpoint takes: what they are refused with, and what they count against before."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator

from mockserver.domain.errors import ApiError, MethodNotAllowed, MissingParameter, UnknownRoute
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.replies import Limit

#: Tells who calls and counts the call as one of this operation; raises what refuses it.
Admit = Callable[[Provider, Call, str, Limit | None], Awaitable[None]]


def routing_mistake(
    provider: Provider, call: Call, allowed: Collection[str], endpoints: Iterable[Endpoint]
) -> ApiError:
    """Return the mistake of a call whose method is not among those allowed, or whose path no endpoint has."""
    method, path = call.entry.method, call.entry.path
    if allowed:
        return MethodNotAllowed(method, sorted(allowed))
    # Whoever has no words for it answers as to any unknown path, and needs no look at the endpoints.
    if MissingParameter in provider.mistakes:
        offers, values = provider.offers, call.state.settings.values
        known = (one for one in endpoints if offers is None or offers(one, values))
        missing = next(missing_parameters(path, known), None)
        if missing:
            return MissingParameter(path, missing)
    return UnknownRoute("route", path)


async def refusal_of_unrouted(
    provider: Provider, endpoint: Endpoint | None, call: Call, mistake: ApiError, admit: Admit
) -> ApiError:
    """Return what refuses the call: the mistake, once the call has counted where the provider counts every call.

    Instead of it RateLimited, or what a bad credential is refused with where the provider looks at that first.
    """
    unrouted = provider.unrouted
    if unrouted is None or (endpoint is not None and endpoint.public):
        return mistake
    operation = endpoint.name if endpoint is not None else "request"
    try:
        await admit(provider, call, operation, endpoint.limit if endpoint is not None else unrouted.limit)
    except ApiError as refused:
        # Where any key is taken, one that nobody has used yet is no reason to refuse.
        first = isinstance(mistake, MissingParameter) or unrouted.authenticates_first(call)
        if call.is_identified or (first and not call.state.settings.values["accept_any_key"]):
            return refused
    return mistake


def missing_parameters(path: str, endpoints: Iterable[Endpoint]) -> Iterator[tuple[str, ...]]:
    """For each endpoint that the path could belong to if it were longer, or had no empty parts: what it lacks.

    The path has to begin as the endpoint's does, with a word and not with a parameter.
    """
    given = path[1:].split("/")
    for endpoint in endpoints:
        wanted = endpoint.path[1:].split("/")
        if given[0] != wanted[0] or len(given) > len(wanted):
            continue
        written = zip(wanted, given, strict=False)
        if all(part == want or want.startswith("{") for want, part in written):
            parts = given + [""] * (len(wanted) - len(given))
            pairs = zip(wanted, parts, strict=True)
            missing = tuple(want[1:-1].partition(":")[0] for want, part in pairs if not part and want.startswith("{"))
            if missing:
                yield missing

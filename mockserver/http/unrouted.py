"""Calls that no endpoint takes: the errors that refuse them, and the limits that they count against first."""

from collections.abc import Callable, Collection, Iterable, Iterator

from mockserver.domain.accounts import Account
from mockserver.domain.errors import ApiError, MethodNotAllowed, MissingParameter, UnknownRoute
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.replies import Limit

#: Lets an identified caller in and counts the call as one of this operation; raises the ApiError that refuses it.
Admit = Callable[[Provider, Call, Account | None, str, Limit | None], None]


def routing_mistake(
    provider: Provider, call: Call, allowed: Collection[str], endpoints: Iterable[Endpoint]
) -> ApiError:
    """Return the error for a call whose method is not allowed, or whose path no endpoint has."""
    method, path = call.entry.method, call.entry.path
    if allowed:
        return MethodNotAllowed(method, sorted(allowed))
    # A provider without a response for it answers as for any unknown path: no need to look at the endpoints.
    if MissingParameter in provider.mistakes:
        offers, values = provider.offers, call.state.settings.values
        known = (endpoint for endpoint in endpoints if offers is None or offers(endpoint, values))
        missing = next(missing_parameters(path, known), None)
        if missing:
            return MissingParameter(path, missing)
    return UnknownRoute("route", path)


async def refusal_of_unrouted(
    provider: Provider, endpoint: Endpoint | None, call: Call, refusal: ApiError, admit: Admit
) -> ApiError:
    """Return the error that refuses the call, after the call has counted where the provider counts every call.

    That is `refusal`, or RateLimited, or the error of a bad credential where the provider checks that first.
    """
    unrouted = provider.unrouted
    if unrouted is None or (endpoint is not None and endpoint.public):
        return refusal
    operation = endpoint.name if endpoint is not None else "request"
    try:
        limit = endpoint.limit if endpoint is not None else unrouted.limit
        admit(provider, call, await provider.identify(call), operation, limit)
    except ApiError as error:
        # With `accept_any_key` an unknown key is no reason to refuse.
        first = isinstance(refusal, MissingParameter) or unrouted.authenticates_first(call)
        if call.is_identified or (first and not call.state.settings.values["accept_any_key"]):
            return error
    return refusal


def missing_parameters(path: str, endpoints: Iterable[Endpoint]) -> Iterator[tuple[str, ...]]:
    """Yield the missing parameters for each endpoint whose path this would be with further or non-empty parts.

    The path has to begin with the same word as the endpoint's. `/orders/` lacks `("id",)` of `/orders/{id}`.
    """
    path_parts = path[1:].split("/")
    for endpoint in endpoints:
        template = endpoint.path[1:].split("/")
        if path_parts[0] != template[0] or len(path_parts) > len(template):
            continue
        known = zip(template, path_parts, strict=False)
        if all(part == expected or expected.startswith("{") for expected, part in known):
            parts = path_parts + [""] * (len(template) - len(path_parts))
            pairs = zip(template, parts, strict=True)
            missing = tuple(
                expected[1:-1].partition(":")[0] for expected, part in pairs if not part and expected.startswith("{")
            )
            if missing:
                yield missing

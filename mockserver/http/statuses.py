"""Finds a provider's response for a bare status. Imported when a fault first asks for one."""

from collections.abc import Iterator
from http import HTTPStatus

from mockserver.domain.errors import (
    NAMED,
    ApiError,
    Invalid,
    NotFound,
    PlainStatus,
    RateLimited,
    Unauthenticated,
    UnknownCredential,
)
from mockserver.http.call import Call
from mockserver.http.kit_mistakes import KIT_MISTAKES
from mockserver.http.provider import Endpoint, Provider, word

#: General errors, which fit any request; they are tried before those that a scenario may name.
_GENERAL: tuple[type[ApiError], ...] = (Invalid, NotFound, RateLimited, Unauthenticated, UnknownCredential)


def mistake_of_status(provider: Provider, endpoint: Endpoint | None, call: Call, status: int) -> ApiError:
    """Return the first error that the provider answers with this status under its settings, else a PlainStatus."""
    for error in _candidates(provider, endpoint):
        try:
            response = word(provider, error)
        except Exception:
            continue
        if provider.reword is not None:
            response = provider.reword(call, response)
        if response.status == status:
            return error
    return PlainStatus(status, phrase_of(status))


def phrase_of(status: int) -> str:
    """Return the reason phrase of a status, or that of its class (4xx, 5xx) where it has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Error" if status < 500 else "Server Error"


def _candidates(provider: Provider, endpoint: Endpoint | None) -> Iterator[ApiError]:
    from mockserver.http.samples import samples_of

    operation = endpoint.name if endpoint is not None else "request"
    declared = endpoint.mistakes if endpoint is not None else ()
    for kind in dict.fromkeys((*_GENERAL, *NAMED.values(), *declared, *provider.mistakes, *KIT_MISTAKES)):
        if kind is RateLimited:
            from datetime import timedelta

            yield RateLimited(operation, timedelta(seconds=30))
        elif kind is Invalid:
            yield Invalid({"request": ["The request was refused."]})
        elif kind is not ApiError:
            try:
                yield from samples_of(kind)
            except ValueError:
                continue

"""How a provider words a status that nobody gave a mistake for. Imported when a fault first asks for one."""

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

#: The mistakes that say the least, and so fit any request; then those that a scenario may name.
_GENERAL: tuple[type[ApiError], ...] = (Invalid, NotFound, RateLimited, Unauthenticated, UnknownCredential)


def mistake_of_status(provider: Provider, endpoint: Endpoint | None, call: Call, status: int) -> ApiError:
    """The nearest mistake that the provider answers with this status, as it words it now; else a plain one."""
    for mistake in _candidates(provider, endpoint):
        try:
            wording = word(provider, mistake)
        except Exception:
            continue
        if provider.reword is not None:
            wording = provider.reword(call, wording)
        if wording.status == status:
            return mistake
    return PlainStatus(status, phrase_of(status))


def phrase_of(status: int) -> str:
    """The reason phrase of a status, that of its class where it has none."""
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

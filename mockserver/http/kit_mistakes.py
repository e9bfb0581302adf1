"""Mistakes that the kit itself raises, and how they are worded for a provider that has no words for them."""

from collections.abc import Mapping
from typing import Any, Final

from mockserver.domain.errors import (
    AT_THE_EDGE,
    ApiError,
    HeadTooLarge,
    InternalError,
    MethodNotAllowed,
    PayloadTooLarge,
    TargetTooLong,
    UnknownRoute,
    UnsupportedEncoding,
)
from mockserver.http.replies import ErrorResponse

#: What any call of an endpoint can be refused with by the kit, whatever the provider declares.
ANY_CALL: Final[tuple[type[ApiError], ...]] = (MethodNotAllowed, PayloadTooLarge, InternalError, *AT_THE_EDGE)
_PHRASES: Final[Mapping[type[ApiError], tuple[int, str]]] = {
    UnknownRoute: (404, "Not Found"),
    MethodNotAllowed: (405, "Method Not Allowed"),
    PayloadTooLarge: (413, "Payload Too Large"),
    TargetTooLong: (414, "URI Too Long"),
    UnsupportedEncoding: (415, "Unsupported Media Type"),
    HeadTooLarge: (431, "Request Header Fields Too Large"),
    ApiError: (500, "Internal Server Error"),
}
#: All that the kit words by itself.
KIT_MISTAKES: Final[tuple[type[ApiError], ...]] = tuple(_PHRASES)


def kit_wording(kind: type[ApiError], mistake: Any) -> ErrorResponse | None:
    """Return the kit's wording of a mistake of exactly this kind, or None where it has none.

    Texts name limits and methods as the mistake does. The code is the reason phrase in capitals (`NOT_FOUND`).
    """
    known = _PHRASES.get(kind)
    if known is None:
        return None
    status, phrase = known
    headers: tuple[tuple[str, str], ...] = ()
    text = f"{phrase}."
    match mistake:
        case MethodNotAllowed():
            headers = (("Allow", ", ".join(mistake.allowed)),)
        case UnsupportedEncoding():
            text = mistake.text
        case PayloadTooLarge():
            text = f"{str(mistake).capitalize()}."
    return ErrorResponse(status, phrase.upper().replace(" ", "_"), text, headers=headers, provenance="assumed")

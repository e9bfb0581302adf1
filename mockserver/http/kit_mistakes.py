"""Errors that the kit itself raises, and their responses at providers that have none for them."""

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

#: The errors with which the kit can refuse any call of an endpoint, whatever the provider declares.
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
#: The errors for which the kit has responses.
KIT_MISTAKES: Final[tuple[type[ApiError], ...]] = tuple(_PHRASES)


def kit_response(kind: type[ApiError], error: Any) -> ErrorResponse | None:
    """Return the kit's response to an error of exactly this class, or None where it has none.

    Texts name limits and methods as the error does. The code is the reason phrase in capitals (`NOT_FOUND`).
    """
    status_and_phrase = _PHRASES.get(kind)
    if status_and_phrase is None:
        return None
    status, phrase = status_and_phrase
    headers: tuple[tuple[str, str], ...] = ()
    text = f"{phrase}."
    match error:
        case MethodNotAllowed():
            headers = (("Allow", ", ".join(error.allowed)),)
        case UnsupportedEncoding():
            text = error.text
        case PayloadTooLarge():
            text = f"{str(error).capitalize()}."
    return ErrorResponse(status, phrase.upper().replace(" ", "_"), text, headers=headers, provenance="assumed")

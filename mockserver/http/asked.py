"""A request's body as data that matchers can read, from JSON, a form or a multipart form."""

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.domain.errors import ApiError, Invalid
from mockserver.http.reading import read_pairs

_FORM = "application/x-www-form-urlencoded"


def body_data(body: bytes, *, media: str, form: bool) -> Any:
    """Return the JSON, or the fields of a form as one flat object of texts; an empty object where it is neither.

    `media` is the request's Content-Type; `form`: the endpoint takes a form, whatever the Content-Type says.
    """
    kind = media.partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        return _parts_of(media, body)
    if form or kind == _FORM:
        return texts_of(body)
    try:
        return orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return texts_of(body)


def texts_of(data: bytes) -> Mapping[str, str]:
    """Return the fields of a form or a query, the last of repeated ones; {} where it cannot be read."""
    try:
        return dict(read_pairs(data))
    except Invalid:
        return {}


def _parts_of(media: str, body: bytes) -> Mapping[str, str]:
    from mockserver.http.multipart import read_multipart

    try:
        return dict(read_multipart(media, body))
    except ApiError:
        return {}

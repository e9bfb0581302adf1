"""Cursors: each says where a page ended, so that the next begins there whatever has been added meanwhile."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from mockserver.domain.errors import Invalid


def cursor_of(kind: str, place: int) -> str:
    """Return the opaque text for a place in a list."""
    return urlsafe_b64encode(f"{kind}:{place}".encode()).decode().rstrip("=")


def place_of(kind: str, cursor: str | None) -> int | None:
    """Return the place that a cursor of this kind of list names, None without one; raises Invalid for other texts."""
    if not cursor:
        return None
    try:
        prefix, _, place = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
    except ValueError:
        raise Invalid({"cursor": ["The cursor field is not a cursor of this list."]}) from None
    if prefix != kind or not place.isdigit() or len(place) > 15:
        raise Invalid({"cursor": ["The cursor field is not a cursor of this list."]})
    return int(place)

"""Cursors: where a page ended, so that the next begins there whatever has been added meanwhile."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from mockserver.domain.errors import Invalid


def cursor_of(kind: str, place: int) -> str:
    """The opaque text for a place in a list."""
    return urlsafe_b64encode(f"{kind}:{place}".encode()).decode().rstrip("=")


def place_of(kind: str, cursor: str | None) -> int | None:
    """The place that a cursor of this kind of list names, None without a cursor; raises Invalid for any other text."""
    if not cursor:
        return None
    try:
        found, _, place = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
    except ValueError:
        raise Invalid({"cursor": ["The cursor field is not a cursor of this list."]}) from None
    if found != kind or not place.isdigit() or len(place) > 15:
        raise Invalid({"cursor": ["The cursor field is not a cursor of this list."]})
    return int(place)

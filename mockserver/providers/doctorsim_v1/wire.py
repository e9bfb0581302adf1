"""The JSON dialect of the API and the shapes of its orders.

The real API is PHP: every habit of its `json_encode` that clients could notice is kept here and nowhere else.
"""

import re
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Any

import orjson

from mockserver.domain.orders import Order
from mockserver.providers.doctorsim_v1.settings import CREDITS

AVAILABLE = "available"


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def encode(data: Any) -> bytes:
    r"""Encode JSON as PHP writes it: `\/` for a slash, `\u00f3` for what is not ASCII (assumed; parses the same)."""
    return dialect(orjson.dumps(data))


def dialect(plain: bytes) -> bytes:
    """Rewrite encoded JSON in the dialect: slashes, and letters beyond ASCII, stand only inside texts."""
    if b"/" in plain:
        plain = plain.replace(b"/", b"\\/")
    if plain.isascii():
        return plain
    return _NOT_ASCII.sub(_escaped, plain.decode()).encode()


def _escaped(match: re.Match[str]) -> str:
    return encode_basestring_ascii(match[0])[1:-1]


def price(minor: int) -> orjson.Fragment:
    """Return a JSON number without needless zeros: 24.95, 20, 4.5."""
    text = CREDITS.text(minor)
    return orjson.Fragment(text.rstrip("0").rstrip(".").encode())


def php_moment(moment: datetime) -> str:
    """Return a moment as PHP writes it, in UTC (the zone is assumed): `2011-10-04 15:29:18`."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def order_data(order: Order, public_state: str, *, yes: str = "true", no: str = "false") -> dict[str, str]:
    """Return an order as check_order_status shows it; update_order writes its flag as `1` and `0`."""
    facts = order.facts
    return {
        "id_device": facts["device"],
        "id_network": facts["network"],
        "imei": facts["imei"],
        "creation_datetime": php_moment(order.created_at),
        "status": public_state,
        "ok_sent": yes if order.state == AVAILABLE else no,
    }

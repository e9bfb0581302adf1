"""Acme's envelope and its words. What the kit refuses by itself (405, 413 ...) has none here."""

from collections.abc import Mapping

import orjson

from mockserver.domain.mistakes import (
    AccountRefused,
    InsufficientBalance,
    Invalid,
    Mistake,
    NotFound,
    NotTaken,
    OutOfStock,
    RateLimited,
    TooEarly,
    Unauthenticated,
    whole_seconds,
)
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import Reply, Wording

TEXT = "text/plain; charset=utf-8"


def wrap(call: Call, reply: Reply) -> bytes:
    """The data as it is."""
    return orjson.dumps(reply.data)


def refuse(call: Call, wording: Wording) -> bytes:
    """`{"error": {"code": ..., "message": ...}}`, or the bare text where it is plain."""
    if wording.media == TEXT:
        return wording.text.encode()
    return orjson.dumps({"error": {"code": wording.code.lower(), "message": wording.text, **wording.extra}})


def _rate_limited(mistake: RateLimited) -> Wording:
    seconds = str(whole_seconds(mistake.retry_after))
    text = f"Slow down: try again in {seconds} s."
    return Wording(429, "too_many_requests", text, headers=(("Retry-After", seconds),), media=TEXT)


def _too_early(mistake: TooEarly) -> Wording:
    return Wording(409, "too_early", f"It can be cancelled in {whole_seconds(mistake.left)} s.")


MISTAKES: Mapping[type[Mistake], Wording | Worder] = {
    Unauthenticated: Wording(401, "unauthorized", "This key opens no account."),
    AccountRefused: Wording(403, "forbidden", "This account is closed."),
    InsufficientBalance: Wording(402, "no_money", "The balance is too low."),
    Invalid: lambda mistake: Wording(422, "invalid", "Some fields are not valid.", {"fields": mistake.errors}),
    NotFound: Wording(404, "not_found", "There is no such order or service."),
    NotTaken: Wording(409, "done", "The order has ended."),
    OutOfStock: Wording(409, "sold_out", "There are no numbers left."),
    RateLimited: _rate_limited,
    TooEarly: _too_early,
}

"""Price tokens: each holds a rate, its price and the moment of the quote, signed with a key of the sandbox."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING

from mockserver.domain.errors import ApiError
from mockserver.domain.moments import from_micros, to_micros
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2.settings import LONGEST_PRICE_TOKEN, PRICE_TOKEN_SIGNATURE

if TYPE_CHECKING:
    from mockserver.providers.doctorsim_v2.catalogue import Rate


_PREFIX = b"pt_"


class InvalidPriceToken(ApiError):
    """The token was not issued here, was altered, or is too old; `reason` says which."""

    def __init__(self, reason: str = "it is not a token that was issued here") -> None:
        super().__init__(f"price token refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Quote:
    """The contents of a token: the ids of a product and of a price point, the price in euro cents, and the moment."""

    product: int
    denomination: int
    price: int
    issued_at: datetime


class Signer:
    """The signer of one sandbox's tokens; the sandbox's name is part of the key, so that a seed alone opens none."""

    __slots__ = ("_key",)

    def __init__(self, dice: Dice, sandbox: str) -> None:
        self._key = b"".join(dice.cast("price token key", sandbox, part).to_bytes(8, "big") for part in range(4))

    def issuer(self, now: datetime) -> "Callable[[Rate], bytes]":
        """Return a function that issues the token of a rate at its price, quoted now."""
        micros = to_micros(now)

        def issue(rate: "Rate") -> bytes:
            payload = b"%x.%x.%x.%x" % (rate.product.id, rate.denomination, rate.total_eur, micros)
            return _PREFIX + urlsafe_b64encode(self._mark(payload) + payload).rstrip(b"=")

        return issue

    def read(self, token: str, *, now: datetime, lives: timedelta) -> Quote:
        """Return the contents of a token; raises InvalidPriceToken when it is altered, foreign or `lives` old."""
        prefix = _PREFIX.decode()
        if not token.startswith(prefix) or len(token) > LONGEST_PRICE_TOKEN:
            raise InvalidPriceToken
        text = token.removeprefix(prefix)
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise InvalidPriceToken from None
        mark, payload = raw[:PRICE_TOKEN_SIGNATURE], raw[PRICE_TOKEN_SIGNATURE:]
        # Decoders ignore spare bits at the end of base64, so only the canonical text of a token is valid.
        canonical = urlsafe_b64encode(raw).decode().rstrip("=")
        if canonical != text or not compare_digest(mark, self._mark(payload)):
            raise InvalidPriceToken
        product, denomination, price, micros = (int(part, 16) for part in payload.split(b"."))
        issued_at = from_micros(micros)
        if now - issued_at >= lives:
            raise InvalidPriceToken(f"it was issued more than {lives // timedelta(seconds=1)} seconds ago")
        return Quote(product, denomination, price, issued_at)

    def _mark(self, payload: bytes) -> bytes:
        return blake2b(payload, digest_size=PRICE_TOKEN_SIGNATURE, key=self._key).digest()

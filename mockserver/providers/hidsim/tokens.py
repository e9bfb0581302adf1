"""JSON Web Tokens: signed (HS256) with a secret of the sandbox, and valid by the sandbox's clock."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mockserver.domain.errors import Unauthenticated
from mockserver.domain.moments import EPOCH
from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.settings import LONGEST_TOKEN, MOST_TOKENS

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class BadToken(Unauthenticated):
    """The token is malformed, incomplete, or was not issued here."""


class ExpiredToken(Unauthenticated):
    """The token was issued here, and has expired."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a token: `subject` is a user's `_id`, the others are seconds since 1970; it ends at `expires`."""

    subject: str
    issued: int
    expires: int


class Tokens:
    """The tokens of one sandbox, signed and read here; a signature is checked once for each remembered token."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._known: OrderedDict[str, Claims] = OrderedDict()

    def sign(self, sandbox: str, subject: str, *, now: datetime, lifetime: timedelta, number: int) -> str:
        """Return a token for the user with this `_id`; `number` makes each different from every other."""
        from joserfc import jwt

        issued = (now - EPOCH) // timedelta(seconds=1)
        expires = issued + lifetime // timedelta(seconds=1)
        claims = {
            "sub": subject,
            "iat": issued,
            "exp": expires,
            "jti": f"{self._dice.cast('hidsim jti', sandbox, number):016x}",
        }
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self.key(sandbox), algorithms=["HS256"])

    def knows(self, token: str) -> bool:
        """Return whether the signature was checked before."""
        return token in self._known

    def read(self, sandbox: str, token: str, *, now: datetime) -> Claims:
        """Return the claims of a token; raises BadToken or ExpiredToken."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._known[token] = self._verify(sandbox, token)
            if len(self._known) > MOST_TOKENS:
                self._known.popitem(last=False)
        if now >= EPOCH + timedelta(seconds=claims.expires):
            raise ExpiredToken
        return claims

    def _verify(self, sandbox: str, token: str) -> Claims:
        if len(token) > LONGEST_TOKEN or _TOKEN.fullmatch(token) is None:
            raise BadToken
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            claims = jwt.decode(token, self.key(sandbox), algorithms=["HS256"]).claims
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            # Header and payload of a stranger's token can be anything at all.
            raise BadToken from None
        subject = claims.get("sub")
        if not isinstance(subject, str):
            raise BadToken
        return Claims(subject, _moment(claims.get("iat")), _moment(claims.get("exp")))

    def key(self, sandbox: str) -> Any:
        """Return the key that signs the tokens of the sandbox of this name."""
        from joserfc.jwk import OctKey

        secret = "".join(f"{self._dice.cast('hidsim secret', sandbox, place):016x}" for place in range(4))
        return OctKey.import_key(secret)


def _moment(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 40:
        raise BadToken
    return value

"""Access tokens: JWTs (RS256) whose `jti` names their grant, with which they are revoked."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mockserver.domain.moments import to_micros
from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2.errors import InvalidToken
from mockserver.providers.doctorsim_v2.oauth.grants import committed_grant
from mockserver.providers.doctorsim_v2.oauth.keyring import (
    find_ring,
    note_token,
    ring_of,
    token_lifetime,
    token_time,
)
from mockserver.providers.doctorsim_v2.oauth.keys import signing_key
from mockserver.providers.doctorsim_v2.settings import LONGEST_TOKEN
from mockserver.sandbox.unit_of_work import UnitOfWork


async def issue_access_token(work: UnitOfWork, grant: dict[str, Any], *, issuer: str, scope: str) -> tuple[str, int]:
    """Return a token and its life in whole seconds; counts it in `grant`, which the caller stores."""
    seconds, now = token_lifetime(work), token_time(work.settings, work.now)
    grant["tokens"] += 1
    grant["ends"] = max(grant.get("ends", 0), to_micros(work.now) + seconds * 1_000_000)
    account = grant["account"]
    claims = {
        "iss": issuer,
        "sub": account,
        "aud": grant["resource"],
        "client_id": grant["client"],
        "scope": scope,
        "env": "production" if account.startswith("live_") else "sandbox",
        "iat": now,
        "exp": now + seconds,
        "jti": f"{grant['id']}.{grant['tokens']}",
    }
    return await sign(work, claims, kind="at+jwt"), seconds


async def sign(work: UnitOfWork, claims: Mapping[str, Any], *, kind: str) -> str:
    """Return the claims as a JWT, signed with the current key, which stays in the key set until `exp`."""
    from joserfc import jwt

    ring = await find_ring(work)
    await note_token(work, ring, claims["exp"])
    key = signing_key(work.dice.seed, ring.number)
    return jwt.encode({"alg": "RS256", "typ": kind, "kid": key.kid}, dict(claims), key)


async def claims_of_token(call: Call, token: str) -> Mapping[str, Any]:
    """Return a token's claims; raises InvalidToken when it is not of this sandbox, has expired, or was revoked."""
    sandbox = call.sandbox
    if not is_jwt(token):
        raise InvalidToken
    ring = await ring_of(sandbox)
    now = token_time(call.state.settings.values, call.state.clock.now())
    claims = read_token(call.state.dice.seed, token, ring.numbers(now))
    if claims is None or claims["exp"] <= now:
        raise InvalidToken
    grant = await committed_grant(sandbox, claims["jti"].partition(".")[0])
    if grant is None or grant["revoked"] or claims["jti"] in grant["revoked_tokens"]:
        raise InvalidToken
    return claims


def is_jwt(text: str) -> bool:
    """Return whether a text has the form of a token; for any other text no key has to be computed."""
    return len(text) <= LONGEST_TOKEN and text.count(".") == 2


#: The claims that `issue_access_token` always writes; anyone who knows the seed can sign others.
_SHAPE = {"sub": str, "client_id": str, "scope": str, "env": str, "exp": int, "jti": str}


@lru_cache(maxsize=1024)
def read_token(seed: int | str, token: str, numbers: tuple[int, ...]) -> Mapping[str, Any] | None:
    """Return the claims of a JWT that one of the seed's keys signed, whatever their dates; None for any other."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    keys = KeySet([signing_key(seed, number) for number in numbers])
    try:
        claims: Mapping[str, Any] = jwt.decode(token, keys, algorithms=["RS256"]).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return claims if all(isinstance(claims.get(name), kind) for name, kind in _SHAPE.items()) else None

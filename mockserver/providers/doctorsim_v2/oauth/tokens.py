"""Access tokens: JWTs (RS256) whose `jti` leads to the grant that they fall with."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from mockserver.domain.moments import parse_span, to_micros
from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2.errors import InvalidToken
from mockserver.providers.doctorsim_v2.oauth.grants import find_grant
from mockserver.providers.doctorsim_v2.oauth.keys import signing_key
from mockserver.sandbox.work import Work

_LONGEST = 4_096


def issue_access_token(work: Work, grant: dict[str, Any], *, issuer: str, scope: str) -> tuple[str, int]:
    """A token and its life in whole seconds; counts it in `grant`, which the caller keeps."""
    from joserfc import jwt

    lives = parse_span(work.settings["doctorsim_v2.access_token_lifetime"])
    seconds = max(1, lives // timedelta(seconds=1))
    now = to_micros(work.now) // 1_000_000
    grant["tokens"] += 1
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
    key = signing_key(work.dice.seed)
    return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": key.kid}, claims, key), seconds


async def claims_of_token(call: Call, token: str) -> Mapping[str, Any]:
    """What a token says; raises InvalidToken when it was not issued in this sandbox, has expired, or was revoked."""
    state = call.state
    claims = read_token(state.dice.seed, token)
    if claims is None or claims["exp"] * 1_000_000 <= to_micros(state.clock.now()):
        raise InvalidToken
    async with call.sandbox.work("credential", settle=False) as work:
        grant = await find_grant(work, claims["jti"].partition(".")[0])
    if grant is None or grant["revoked"] or claims["jti"] in grant["revoked_tokens"]:
        raise InvalidToken
    return claims


#: What `issue_access_token` always writes; whoever knows the seed can sign anything else.
_SHAPE = {"sub": str, "client_id": str, "scope": str, "env": str, "exp": int, "jti": str}


@lru_cache(maxsize=1024)
def read_token(seed: int | str, token: str) -> Mapping[str, Any] | None:
    """The claims of a token that the seed's key signed, whatever their dates; None for any other text."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    if len(token) > _LONGEST or token.count(".") != 2:
        return None
    try:
        claims: Mapping[str, Any] = jwt.decode(token, signing_key(seed), algorithms=["RS256"]).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return claims if all(isinstance(claims.get(name), kind) for name, kind in _SHAPE.items()) else None

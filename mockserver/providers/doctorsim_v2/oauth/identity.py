"""ID tokens (OpenID Connect Core, 2): for a request that names the scope `openid` itself, and for nobody else.

No page of the vendor tells what it puts into them; these hold what the standard requires.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.providers.doctorsim_v2.oauth.keyring import token_lifetime, token_time
from mockserver.providers.doctorsim_v2.oauth.tokens import sign
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidRequest
from mockserver.providers.doctorsim_v2.settings import LONGEST_NONCE
from mockserver.sandbox.unit_of_work import UnitOfWork

CLAIMS = ("iss", "sub", "aud", "iat", "exp", "nonce")


def identity_wanted(parameters: Mapping[str, str]) -> dict[str, str] | None:
    """What an authorization request says of the ID token that it asks for; None for one that asks for none."""
    if "openid" not in parameters.get("scope", "").split():
        return None
    nonce = parameters.get("nonce")
    if nonce is not None and len(nonce) > LONGEST_NONCE:
        raise InvalidRequest(f"nonce must not be longer than {LONGEST_NONCE} characters")
    return {"nonce": nonce} if nonce is not None else {}


async def id_token(work: UnitOfWork, code: Mapping[str, Any], *, issuer: str) -> str:
    """Who approved, for the client of the code."""
    now = token_time(work.settings, work.now)
    claims = {
        "iss": issuer,
        "sub": code["account"],
        "aud": code["client"],
        "iat": now,
        "exp": now + token_lifetime(work),
        **code["identity"],
    }
    return await sign(work, claims, kind="JWT")

"""ID tokens (OpenID Connect Core, 2): for requests that name the scope `openid` themselves, and no others.

No page of the vendor says what its tokens hold; these hold what the standard requires.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.providers.doctorsim_v2.oauth.keyring import token_lifetime, token_time
from mockserver.providers.doctorsim_v2.oauth.tokens import sign
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidRequest
from mockserver.providers.doctorsim_v2.settings import LONGEST_NONCE
from mockserver.sandbox.unit_of_work import UnitOfWork

CLAIMS = ("iss", "sub", "aud", "iat", "exp", "nonce")


def requested_identity(parameters: Mapping[str, str]) -> dict[str, str] | None:
    """Return the claims for the ID token that a request asks for (`nonce`), or None. Raises InvalidRequest."""
    if "openid" not in parameters.get("scope", "").split():
        return None
    nonce = parameters.get("nonce")
    if nonce is not None and len(nonce) > LONGEST_NONCE:
        raise InvalidRequest(f"nonce must not be longer than {LONGEST_NONCE} characters")
    return {"nonce": nonce} if nonce is not None else {}


async def id_token(work: UnitOfWork, code: Mapping[str, Any], *, issuer: str) -> str:
    """Return the ID token that tells the client of a code which account approved."""
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

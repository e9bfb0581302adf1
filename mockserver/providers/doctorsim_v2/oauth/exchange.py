"""The token endpoint (RFC 6749, 7636) and revocation (RFC 7009)."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from mockserver.domain.moments import from_micros
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2.oauth import codes, grants
from mockserver.providers.doctorsim_v2.oauth.addresses import issuer_of, requested_resource
from mockserver.providers.doctorsim_v2.oauth.clients import authenticate
from mockserver.providers.doctorsim_v2.oauth.identity import id_token
from mockserver.providers.doctorsim_v2.oauth.keyring import ring_of, token_time
from mockserver.providers.doctorsim_v2.oauth.parameters import form_parameters, need
from mockserver.providers.doctorsim_v2.oauth.registration import NO_STORE
from mockserver.providers.doctorsim_v2.oauth.registry import note_use
from mockserver.providers.doctorsim_v2.oauth.scopes import SCOPES, grantable, parse_scope, scope_text
from mockserver.providers.doctorsim_v2.oauth.tokens import is_jwt, issue_access_token, read_token
from mockserver.providers.doctorsim_v2.oauth_errors import (
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from mockserver.providers.doctorsim_v2.settings import DEFAULT_ACCOUNT
from mockserver.sandbox.unit_of_work import UnitOfWork

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
#: The answer of a grant type, or an error whose effect has to be committed, too (a grant revoked for reuse).
_Result = dict[str, Any] | OAuthError


async def token(call: Call) -> Reply:
    """Issue an access token for a code, a refresh token, or the client itself."""
    parameters = form_parameters(call)
    await ring_of(call.sandbox)
    async with call.work() as work:
        client = await authenticate(work, call, parameters)
        kind = need(parameters, "grant_type")
        exchange = _GRANTS.get(kind)
        if exchange is None:
            raise UnsupportedGrantType(f"grant_type must be one of {', '.join(_GRANTS)}")
        if kind not in client["grant_types"]:
            raise UnauthorizedClient(f"the client is not registered for {kind}")
        result = await exchange(work, call, client, parameters)
        await note_use(work, client)
    if isinstance(result, OAuthError):
        raise result
    return Reply(result, headers=NO_STORE)


async def revoke(call: Call) -> Reply:
    """Revoke a token; a refresh token takes its whole grant along. An unknown token is no error (RFC 7009, 2.2)."""
    parameters = form_parameters(call)
    ring = await ring_of(call.sandbox) if is_jwt(parameters.get("token", "")) else None
    async with call.work() as work:
        client = await authenticate(work, call, parameters)
        token = need(parameters, "token")
        now = token_time(work.settings, work.now)
        claims = read_token(work.dice.seed, token, ring.numbers(now)) if ring is not None else None
        name = claims["jti"].partition(".")[0] if claims else (*token.split("_", 2), "", "")[1]
        grant = await grants.find_grant(work, name)
        if grant is None or not (claims or token.startswith("rt_")):
            return Reply(b"", headers=NO_STORE)
        if grant["client"] != client["client_id"]:
            raise InvalidGrant("the token was issued to another client")
        if claims:
            await grants.revoke_access_token(work, grant, claims["jti"])
        elif grants.is_refresh_token_of(grant, token):
            await grants.revoke_grant(work, name)
    return Reply(b"", headers=NO_STORE)


async def _by_code(work: UnitOfWork, call: Call, client: Mapping[str, Any], parameters: dict[str, str]) -> _Result:
    code = need(parameters, "code")
    row = await codes.find_code(work, code)
    if row is None or row["client"] != client["client_id"]:
        raise InvalidGrant("the code is not valid")
    if row["used"]:
        await grants.revoke_grant(work, row["grant"])
        return InvalidGrant("the code was used before; its tokens are revoked")
    if work.now >= from_micros(row["expires"]):
        raise InvalidGrant("the code has expired")
    if parameters.get("redirect_uri") != row["redirect_uri"]:
        raise InvalidGrant("redirect_uri is not the one that the code was sent to")
    _verify(need(parameters, "code_verifier"), row["challenge"])
    _check_resource(call, parameters, row["resource"])
    await codes.use_code(work, code, row)
    grant = await grants.open_grant(
        work,
        row["grant"],
        client=client["client_id"],
        account=row["account"],
        scope=row["scope"],
        resource=row["resource"],
    )
    answer = await _answer(work, call, grant, row["scope"], refresh="refresh_token" in client["grant_types"])
    if row.get("identity") is not None:
        answer["id_token"] = await id_token(work, row, issuer=issuer_of(call))
    return answer


async def _by_refresh(work: UnitOfWork, call: Call, client: Mapping[str, Any], parameters: dict[str, str]) -> _Result:
    token = need(parameters, "refresh_token")
    grant, standing = await grants.grant_of_refresh_token(work, token)
    if grant["client"] != client["client_id"]:
        raise InvalidGrant("the refresh token was issued to another client")
    if standing == "old":
        await grants.revoke_grant(work, grant["id"])
        return InvalidGrant("the refresh token was used before; its grant is revoked")
    _check_resource(call, parameters, grant["resource"])
    scope = _narrow(parameters, grant["scope"])
    return await _answer(work, call, grant, scope, refresh=True, used=token)


async def _by_client(work: UnitOfWork, call: Call, client: Mapping[str, Any], parameters: dict[str, str]) -> _Result:
    account = await work.account("doctorsim_v2", client.get("mock_account", DEFAULT_ACCOUNT))
    resource = requested_resource(call, parameters.get("resource"))
    scope = _narrow(parameters, client.get("scope", scope_text(SCOPES)))
    allowed = grantable(scope.split(), account.details.get("scope", "read-write"))
    if not allowed:
        raise InvalidScope("the account's key can grant nothing of this scope")
    grant = await grants.open_grant(
        work,
        await grants.new_grant_id(work),
        client=client["client_id"],
        account=account.id,
        scope=scope_text(allowed),
        resource=resource,
    )
    return await _answer(work, call, grant, grant["scope"], refresh=False)


_Exchange = Callable[[UnitOfWork, Call, Mapping[str, Any], dict[str, str]], Awaitable[_Result]]
_GRANTS: Mapping[str, _Exchange] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _by_client,
}


async def _answer(
    work: UnitOfWork, call: Call, grant: dict[str, Any], scope: str, *, refresh: bool, used: str | None = None
) -> dict[str, Any]:
    access, seconds = await issue_access_token(work, grant, issuer=issuer_of(call), scope=scope)
    answer = {"access_token": access, "token_type": "Bearer", "expires_in": seconds, "scope": scope}
    if refresh:
        answer["refresh_token"] = await grants.next_refresh_token(work, grant, used=used)
    await grants.keep_grant(work, grant)
    call.entry.account = grant["account"]
    return answer


def _verify(verifier: str, challenge: str) -> None:
    """Raise OAuthError unless the verifier belongs to the challenge (RFC 7636, 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidRequest("code_verifier must be 43 to 128 characters of its alphabet")
    expected = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    if not compare_digest(expected, challenge):
        raise InvalidGrant("code_verifier does not fit the code_challenge")


def _narrow(parameters: Mapping[str, str], grant_scope: str) -> str:
    """Return the requested scope, which must not exceed that of the grant; raises InvalidScope."""
    if "scope" not in parameters:
        return grant_scope
    names = parse_scope(parameters["scope"])
    if not names or not names <= set(grant_scope.split()):
        raise InvalidScope("scope names something that was not granted")
    return scope_text(names)


def _check_resource(call: Call, parameters: Mapping[str, str], grant_resource: str) -> None:
    """Raise InvalidTarget for another resource than this API, which has two names (RFC 8707)."""
    resource = parameters.get("resource")
    if resource is not None and resource.rstrip("/") != grant_resource:
        requested_resource(call, resource)

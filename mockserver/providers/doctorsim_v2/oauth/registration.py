"""Dynamic client registration (RFC 7591)."""

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.domain.errors import NotFound
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2.oauth.metadata import GRANTS, METHODS
from mockserver.providers.doctorsim_v2.oauth.redirects import redirect_problem
from mockserver.providers.doctorsim_v2.oauth.registry import add_client
from mockserver.providers.doctorsim_v2.oauth.scopes import parse_scope, scope_text
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidClientMetadata, InvalidRedirectUri
from mockserver.providers.doctorsim_v2.settings import LONGEST_REDIRECT, MOST_METADATA, MOST_REDIRECTS
from mockserver.sandbox.unit_of_work import UnitOfWork

#: Texts that are stored as they came.
_TEXTS = ("client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version")
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


async def register(call: Call) -> Reply:
    """Register a client: public unless it asks for a secret, which only this answer shows."""
    body = _body(call)
    metadata = _metadata(body, private_schemes=call.state.settings.values["doctorsim_v2.private_schemes"])
    account = body.get("mock_account")
    async with call.work() as work:
        if account is not None:
            if not isinstance(account, str) or not await _account_exists(work, account):
                raise InvalidClientMetadata("mock_account must be an account of this sandbox")
            metadata["mock_account"] = account
        if len(orjson.dumps(metadata)) > MOST_METADATA:
            raise InvalidClientMetadata(f"the metadata of a client must not be larger than {MOST_METADATA} bytes")
        client, secret = await add_client(work, metadata)
    if secret is not None:
        client |= {"client_secret": secret, "client_secret_expires_at": 0}
    return Reply(client, status=201, headers=NO_STORE)


async def _account_exists(work: UnitOfWork, account: str) -> bool:
    try:
        await work.account("doctorsim_v2", account)
    except NotFound:
        return False
    return True


def _body(call: Call) -> Mapping[str, Any]:
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise InvalidClientMetadata("the body must be a JSON object")
    return body


def _metadata(body: Mapping[str, Any], *, private_schemes: bool) -> dict[str, Any]:
    """Return the metadata to store, with defaults; unknown members are ignored, as the RFC says."""
    grants = _names(body, "grant_types", ["authorization_code", "refresh_token"], GRANTS)
    # Connectors get a public client, as the vendor says; a client that acts for itself needs a secret (RFC 7591, 2).
    default_method = "client_secret_basic" if "client_credentials" in grants else "none"
    method = body.get("token_endpoint_auth_method", default_method)
    if method not in METHODS:
        raise InvalidClientMetadata(f"token_endpoint_auth_method must be one of {', '.join(METHODS)}")
    uses_code = "authorization_code" in grants
    response_types = _names(body, "response_types", ["code"] if uses_code else [], ("code",))
    if method == "none" and "client_credentials" in grants:
        raise InvalidClientMetadata("client_credentials needs a client with a secret")
    if uses_code != ("code" in response_types):
        raise InvalidClientMetadata("authorization_code and the response type code go together")
    if "refresh_token" in grants and not uses_code:
        raise InvalidClientMetadata("refresh_token needs authorization_code beside it")
    metadata = {
        "token_endpoint_auth_method": method,
        "grant_types": grants,
        "response_types": response_types,
        "redirect_uris": _redirects(body, needed=uses_code, private_schemes=private_schemes),
    }
    if "scope" in body:
        metadata["scope"] = _scope(body["scope"])
    for name in _TEXTS:
        if name in body:
            if not isinstance(body[name], str) or len(body[name]) > LONGEST_REDIRECT:
                raise InvalidClientMetadata(f"{name} must be a text")
            metadata[name] = body[name]
    return metadata


def _names(body: Mapping[str, Any], name: str, default: list[str], choices: tuple[str, ...]) -> list[str]:
    value = body.get(name, default)
    if not isinstance(value, list) or not all(isinstance(item, str) and item in choices for item in value):
        raise InvalidClientMetadata(f"{name} must be a list of {', '.join(choices)}")
    return list(dict.fromkeys(value))


def _scope(value: Any) -> str:
    names = parse_scope(value) if isinstance(value, str) else None
    if not names:
        raise InvalidClientMetadata("scope must name scopes of this server")
    return scope_text(names)


def _redirects(body: Mapping[str, Any], *, needed: bool, private_schemes: bool) -> list[str]:
    value = body.get("redirect_uris", [])
    if not isinstance(value, list) or len(value) > MOST_REDIRECTS or (needed and not value):
        raise InvalidRedirectUri(f"redirect_uris must be a list of 1 to {MOST_REDIRECTS} URIs")
    for uri in value:
        problem = redirect_problem(uri, private_schemes=private_schemes)
        if problem is not None:
            raise InvalidRedirectUri(problem)
    return value

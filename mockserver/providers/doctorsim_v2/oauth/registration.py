"""Dynamic client registration (RFC 7591)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from mockserver.http.call import Call
from mockserver.http.provider import Reply
from mockserver.providers.doctorsim_v2.oauth.errors import InvalidClientMetadata, InvalidRedirectUri
from mockserver.providers.doctorsim_v2.oauth.grants import account_exists, add_client
from mockserver.providers.doctorsim_v2.oauth.metadata import GRANTS, METHODS
from mockserver.providers.doctorsim_v2.oauth.scopes import parse_scope, scope_text

#: Texts that are kept as they came.
_TEXTS = ("client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version")
_MOST_REDIRECTS = 20
_LONGEST = 2_000
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


async def register(call: Call) -> Reply:
    """A new client: public unless it asks for a secret, which only this answer shows."""
    body = _body(call)
    metadata = _metadata(body)
    account = body.get("mock_account")
    async with call.work() as work:
        if account is not None:
            if not isinstance(account, str) or not await account_exists(work, account):
                raise InvalidClientMetadata("mock_account must be an account of this sandbox")
            metadata["mock_account"] = account
        client, secret = await add_client(work, metadata)
    if secret is not None:
        client |= {"client_secret": secret, "client_secret_expires_at": 0}
    return Reply(client, status=201, headers=NO_STORE)


def _body(call: Call) -> Mapping[str, Any]:
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise InvalidClientMetadata("the body must be a JSON object")
    return body


def _metadata(body: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the metadata, defaults filled in; unknown members are ignored, as the RFC says."""
    method = body.get("token_endpoint_auth_method", "none")
    if method not in METHODS:
        raise InvalidClientMetadata(f"token_endpoint_auth_method must be one of {', '.join(METHODS)}")
    grants = _names(body, "grant_types", ["authorization_code"], GRANTS)
    uses_code = "authorization_code" in grants
    responses = _names(body, "response_types", ["code"] if uses_code else [], ("code",))
    if method == "none" and "client_credentials" in grants:
        raise InvalidClientMetadata("client_credentials needs a client with a secret")
    if uses_code != ("code" in responses):
        raise InvalidClientMetadata("authorization_code and the response type code go together")
    if "refresh_token" in grants and not uses_code:
        raise InvalidClientMetadata("refresh_token needs authorization_code beside it")
    found = {
        "token_endpoint_auth_method": method,
        "grant_types": grants,
        "response_types": responses,
        "redirect_uris": _redirects(body, needed=uses_code),
    }
    if "scope" in body:
        found["scope"] = _scope(body["scope"])
    for name in _TEXTS:
        if name in body:
            if not isinstance(body[name], str) or len(body[name]) > _LONGEST:
                raise InvalidClientMetadata(f"{name} must be a text")
            found[name] = body[name]
    return found


def _names(body: Mapping[str, Any], name: str, default: list[str], known: tuple[str, ...]) -> list[str]:
    value = body.get(name, default)
    if not isinstance(value, list) or not all(isinstance(one, str) and one in known for one in value):
        raise InvalidClientMetadata(f"{name} must be a list of {', '.join(known)}")
    return list(dict.fromkeys(value))


def _scope(value: Any) -> str:
    names = parse_scope(value) if isinstance(value, str) else None
    if not names:
        raise InvalidClientMetadata("scope must name scopes of this server")
    return scope_text(names)


def _redirects(body: Mapping[str, Any], *, needed: bool) -> list[str]:
    value = body.get("redirect_uris", [])
    if not isinstance(value, list) or len(value) > _MOST_REDIRECTS or (needed and not value):
        raise InvalidRedirectUri(f"redirect_uris must be a list of 1 to {_MOST_REDIRECTS} URIs")
    for one in value:
        problem = _redirect_problem(one)
        if problem is not None:
            raise InvalidRedirectUri(problem)
    return value


def _redirect_problem(uri: Any) -> str | None:
    """https anywhere, http on this machine, or an app's own scheme with a dot in it (RFC 8252)."""
    if not isinstance(uri, str) or len(uri) > _LONGEST or not uri.isascii() or not uri.isprintable() or " " in uri:
        return "a redirect URI must be a text of printable ASCII"
    try:
        parts = urlsplit(uri)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "a redirect URI must be a URI"
    if "#" in uri:
        return "a redirect URI must not have a fragment"
    if parts.scheme == "https" or parts.scheme == "http":
        if not host:
            return "a redirect URI must name a host"
        if parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
            return "a redirect URI with http must be on this machine"
        return None
    if _SCHEME.fullmatch(parts.scheme) and "." in parts.scheme:
        return None
    return "a redirect URI must be absolute, with https, http on this machine, or an app's own scheme"

"""The authorization endpoint: a code for a client that an account approves (RFC 6749 4.1, RFC 7636, RFC 9207)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2.oauth import pages
from mockserver.providers.doctorsim_v2.oauth.addresses import issuer_of, requested_resource
from mockserver.providers.doctorsim_v2.oauth.codes import add_code
from mockserver.providers.doctorsim_v2.oauth.identity import requested_identity
from mockserver.providers.doctorsim_v2.oauth.parameters import form_parameters, need, query_parameters
from mockserver.providers.doctorsim_v2.oauth.redirects import is_registered, with_answer
from mockserver.providers.doctorsim_v2.oauth.registry import find_client
from mockserver.providers.doctorsim_v2.oauth.scopes import SCOPES, grantable, parse_scope, scope_text
from mockserver.providers.doctorsim_v2.oauth_errors import (
    AccessDenied,
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from mockserver.providers.doctorsim_v2.profile import offers_everything
from mockserver.providers.doctorsim_v2.settings import DEFAULT_ACCOUNT
from mockserver.sandbox.accounts import list_accounts

#: S256 of anything has 43 characters.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
#: The fields of the consent page's own form; in a request they are unknown, and so ignored (RFC 6749, 3.1).
_ANSWERS = ("account", "decision")
_HTML = "text/html; charset=utf-8"
_PAGE_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid request: the client, what it asks for, and the redirect URI for the answer."""

    client: Mapping[str, Any]
    redirect_uri: str
    sent_redirect: str | None
    scopes: frozenset[str]
    challenge: str
    resource: str
    identity: dict[str, str] | None


async def show(call: Call) -> Reply:
    """Return the consent page, or the code at once where the setting `doctorsim_v2.auto_approve` names an account."""
    parameters: dict[str, str] = {}
    try:
        parameters = query_parameters(call)
        client, redirect_uri = await _client_and_redirect(call, parameters)
    except OAuthError as error:
        return _error_page(error)
    try:
        request = _read_request(call, parameters, client, redirect_uri)
        approver = call.state.settings.values["doctorsim_v2.auto_approve"]
        if approver:
            return await _approve(call, parameters, request, approver)
    except OAuthError as error:
        return _redirect(call, parameters, redirect_uri, {"error": error.code, "error_description": error.description})
    async with call.work() as work:
        accounts = [account for account in await list_accounts(work) if account.provider == "doctorsim_v2"]
    names = sorted(
        (user.id for user in accounts if user.status == "active"), key=lambda name: (name != DEFAULT_ACCOUNT, name)
    )
    page = pages.consent(
        client.get("client_name") or client["client_id"],
        redirect_uri,
        [name for name in SCOPES if name in request.scopes],
        names,
        {name: value for name, value in parameters.items() if name not in _ANSWERS},
        action=f"{issuer_of(call)}/oauth/authorize",
    )
    return Reply(page, headers=_PAGE_HEADERS, media=_HTML)


async def decide(call: Call) -> Reply:
    """Approve or deny, as the consent page's buttons ask; everything is checked anew, so forged forms gain nothing."""
    parameters: dict[str, str] = {}
    try:
        parameters = form_parameters(call)
        client, redirect_uri = await _client_and_redirect(call, parameters)
    except OAuthError as error:
        return _error_page(error)
    try:
        request = _read_request(call, parameters, client, redirect_uri)
        if parameters.get("decision") != "approve":
            raise AccessDenied("the request was denied")
        return await _approve(call, parameters, request, parameters.get("account", DEFAULT_ACCOUNT))
    except OAuthError as error:
        return _redirect(call, parameters, redirect_uri, {"error": error.code, "error_description": error.description})


async def _client_and_redirect(call: Call, parameters: Mapping[str, str]) -> tuple[Mapping[str, Any], str]:
    """Return the client and the redirect URI; while either is in doubt, nobody is redirected. Raises OAuthError."""
    client_id = need(dict(parameters), "client_id")
    async with call.work() as work:
        client = await find_client(work, client_id)
    if client is None:
        raise InvalidClient("no client has this client_id")
    registered_uris = client["redirect_uris"]
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None and len(registered_uris) == 1:
        return client, registered_uris[0]
    if redirect_uri is None:
        raise InvalidRequest("the parameter redirect_uri is missing")
    if not is_registered(redirect_uri, client):
        raise InvalidRequest("redirect_uri is not one that the client registered")
    return client, redirect_uri


def _read_request(
    call: Call, parameters: dict[str, str], client: Mapping[str, Any], redirect_uri: str
) -> AuthorizationRequest:
    if need(parameters, "response_type") != "code":
        raise UnsupportedResponseType("response_type must be code")
    if "authorization_code" not in client["grant_types"]:
        raise UnauthorizedClient("the client is not registered for authorization_code")
    challenge = need(parameters, "code_challenge")
    if parameters.get("code_challenge_method", "plain") != "S256":
        raise InvalidRequest("code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("code_challenge must be 43 characters of base64url")
    allowed = parse_scope(client["scope"]) if "scope" in client else frozenset(SCOPES)
    scopes = parse_scope(parameters["scope"]) if "scope" in parameters else allowed
    if scopes is None or allowed is None or not scopes or not scopes <= allowed:
        raise InvalidScope("scope names something that the client cannot have")
    resource = requested_resource(call, parameters.get("resource"))
    # A client that cannot find the keys has no use for an ID token.
    identity = requested_identity(parameters) if offers_everything(call.state.settings.values) else None
    return AuthorizationRequest(
        client, redirect_uri, parameters.get("redirect_uri"), scopes, challenge, resource, identity
    )


async def _approve(call: Call, parameters: Mapping[str, str], request: AuthorizationRequest, account_id: str) -> Reply:
    async with call.work() as work:
        try:
            account: Account = await work.account("doctorsim_v2", account_id)
        except NotFound:
            raise AccessDenied("there is no such account") from None
        if account.status != "active":
            raise AccessDenied(f"the account is {account.status}")
        scopes = grantable(request.scopes, account.details.get("scope", "read-write"))
        if not scopes:
            raise InvalidScope("the account's key can grant nothing of this scope")
        code = await add_code(
            work,
            {
                "client": request.client["client_id"],
                "account": account.id,
                "scope": scope_text(scopes),
                "challenge": request.challenge,
                "redirect_uri": request.sent_redirect,
                "resource": request.resource,
                "identity": request.identity,
            },
        )
    call.entry.account = account_id
    return _redirect(call, parameters, request.redirect_uri, {"code": code})


def _redirect(call: Call, parameters: Mapping[str, str], uri: str, answer: dict[str, str]) -> Reply:
    """Redirect to the client; its URI keeps its query, `state` is sent back, `iss` prevents mix-ups (RFC 9207)."""
    if "state" in parameters:
        answer = {**answer, "state": parameters["state"]}
    answer = {**answer, "iss": issuer_of(call)}
    location = with_answer(uri, answer)
    headers = (("Location", location), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"))
    return Reply(b"", status=303 if call.entry.method == "POST" else 302, headers=headers, media=_HTML)


def _error_page(error: OAuthError) -> Reply:
    """Return a page for the person, as there is no safe place to send them to."""
    return Reply(pages.refusal(error.code, error.description), status=400, headers=_PAGE_HEADERS, media=_HTML)

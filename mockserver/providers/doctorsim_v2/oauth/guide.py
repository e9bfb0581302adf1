"""Documents for people and agents: the guide `auth.md`, the API's documentation page, and its OpenAPI text."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from textwrap import indent
from typing import Any

from mockserver.domain.errors import UnknownRoute
from mockserver.domain.moments import parse_span, span_text
from mockserver.http.call import Call
from mockserver.http.provider import Provider
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2.oauth import pages
from mockserver.providers.doctorsim_v2.oauth.addresses import issuer_of, resource_of
from mockserver.providers.doctorsim_v2.oauth.scopes import MEANINGS
from mockserver.providers.doctorsim_v2.profile import offers_everything
from mockserver.providers.doctorsim_v2.settings import (
    API_HOST,
    CODE_LIVES,
    PREFIX,
    PUBLIC_CLIENT,
    REFRESH_LIVES,
    WWW_HOST,
)

MARKDOWN = "text/markdown; charset=utf-8"
YAML = "application/yaml"
_HTML = "text/html; charset=utf-8"
_LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2})?", re.IGNORECASE | re.ASCII)
#: The placeholder for scheme and host in the text that is kept.
_SOMEWHERE = "https://somewhere.invalid"


async def auth_guide(call: Call) -> Reply:
    """Return the guide to getting a token, step by step, with this server's addresses; always in English."""
    language = call.fields.get("lang")
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise UnknownRoute("route", call.entry.path)
    return Reply(_guide(call).encode(), media=MARKDOWN)


async def api_page(call: Call) -> Reply:
    """Return the page that leads to the documentation."""
    issuer = issuer_of(call)
    links = {"OpenAPI document": f"{issuer}/api-docs/openapi.yaml", "Getting a token": f"{issuer}/auth.md"}
    return Reply(pages.documentation(resource_of(call), links), media=_HTML)


def _openapi_text() -> Callable[[Call], Awaitable[Reply]]:
    """Return a handler that answers with the provider's OpenAPI document as YAML, which is written once."""
    texts: list[str] = []

    async def handler(call: Call) -> Reply:
        if not texts:
            # Writing it takes some 50 ms.
            assert isinstance(call.provider, Provider), "the kit serves declared providers"
            texts.append(await asyncio.to_thread(_write, call.provider))
        text = texts[0].replace(f"{_SOMEWHERE}/{WWW_HOST}", issuer_of(call))
        text = text.replace(f"{_SOMEWHERE}/{API_HOST}", resource_of(call).removesuffix(PREFIX))
        return Reply(text.encode(), media=YAML)

    return handler


openapi_text = _openapi_text()


def _write(provider: Provider) -> str:
    import yaml

    from mockserver.http.openapi import document
    from mockserver.http.schemas import SchemaStore
    from mockserver.resources import bundled

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """A dumper that writes shared parts out at each place: YAML readers of some languages know no anchors."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def dump(data: Any) -> str:
        text: str = yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
        return text

    data = document(provider, SchemaStore(bundled("schemas")), origin=_SOMEWHERE)
    return "".join(_pieces(data, dump, deep=2))


def _pieces(data: Mapping[str, Any], dump: Callable[[Any], str], *, deep: int) -> Iterator[str]:
    """Yield the YAML of an object member by member: while one is written, no other thread runs."""
    for name, value in data.items():
        if deep and isinstance(value, dict) and value:
            yield dump({name: None}).replace(" null\n", "\n")
            yield from (indent(piece, "  ") for piece in _pieces(value, dump, deep=deep - 1))
        else:
            yield dump({name: value})


def _guide(call: Call) -> str:
    settings = call.state.settings.values
    issuer, api = issuer_of(call), resource_of(call)
    everything = offers_everything(settings)
    lives = {
        "code": span_text(CODE_LIVES),
        "access": span_text(parse_span(settings["doctorsim_v2.access_token_lifetime"])),
        "refresh": span_text(REFRESH_LIVES),
    }
    parts = [_BEGINNING, _DISCOVER if everything else _DISCOVER_SERVER, _REGISTER]
    parts += [_KNOWN_CLIENT] if everything else []
    parts += [_AUTHORIZE, _USE]
    parts += [_REVOKE] if everything else []
    scopes = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in MEANINGS.items())
    values = {"issuer": issuer, "api": api, "scopes": scopes, "client": PUBLIC_CLIENT, **lives}
    return "\n".join(parts).format_map(values)


_BEGINNING = """\
# Getting a token

For programs that act for a person, and for whoever writes them. This is an emulation for tests: no real account, order
or credit is touched.

The API is `{api}`. Tokens for it are issued by `{issuer}`.
"""
_DISCOVER = """\
## 1. Discover

A call without a valid credential is answered with 401 and

    WWW-Authenticate: Bearer resource_metadata="{issuer}/.well-known/oauth-protected-resource/v2"

That document names the authorization server, and `{issuer}/.well-known/oauth-authorization-server` all its endpoints.
"""
_DISCOVER_SERVER = """\
## 1. Discover

`{issuer}/.well-known/oauth-authorization-server` names all endpoints of the authorization server.
"""
_REGISTER = """\
## 2. Register

    POST {issuer}/oauth/register
    Content-Type: application/json

    {{"client_name": "My agent", "redirect_uris": ["http://127.0.0.1/callback"]}}

gives a `client_id`. Without further members the client is public: it has no secret, proves itself with PKCE, and gets
refresh tokens. A redirect URI is `https`, `http` on this machine, or an app's own scheme with a dot in it; one of a
loopback IP address is good for every port.

A server that acts for itself asks for `"grant_types": ["client_credentials"]` and gets a `client_secret`, shown once.
"""
_KNOWN_CLIENT = """\
`{client}` is registered already, with the redirect URIs `http://127.0.0.1/callback` and `http://localhost/callback`,
each on every port.
"""
_AUTHORIZE = """\
## 3. Authorize

Make a random `code_verifier` of 43 to 128 characters and send the person's browser to

    {issuer}/oauth/authorize?response_type=code&client_id=CLIENT_ID&redirect_uri=REDIRECT_URI&scope=SCOPES
      &state=STATE&code_challenge=CHALLENGE&code_challenge_method=S256

where CHALLENGE is the base64url of the SHA-256 of the verifier. The browser comes back to REDIRECT_URI with `code`,
`state` and `iss`; compare the last two. Then, within {code}:

    POST {issuer}/oauth/token
    Content-Type: application/x-www-form-urlencoded

    grant_type=authorization_code&code=CODE&redirect_uri=REDIRECT_URI&client_id=CLIENT_ID&code_verifier=VERIFIER

With client credentials, send `grant_type=client_credentials` instead, with the secret.

| scope | allows |
| --- | --- |
{scopes}

Ask for what you need and no more: `orders:write` spends credits.
"""
_USE = """\
## 4. Call

    GET {api}/balance
    Authorization: Bearer ACCESS_TOKEN

An access token lives {access}, a refresh token {refresh}. Send `grant_type=refresh_token` with the refresh token and
the `client_id` to `{issuer}/oauth/token` for a new pair; a refresh token works once, and using it again ends all tokens
of its family. 401 `INVALID_TOKEN` asks for a refresh, 403 `INSUFFICIENT_SCOPE` for another consent.
"""
_REVOKE = """\
## 5. Revoke

    POST {issuer}/oauth/revoke
    Content-Type: application/x-www-form-urlencoded

    token=TOKEN&client_id=CLIENT_ID
"""

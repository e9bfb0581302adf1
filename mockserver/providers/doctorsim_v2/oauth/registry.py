"""Registered clients as rows, and the one that is always registered. Only digests of secrets are stored."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockserver.domain.moments import to_micros
from mockserver.providers.doctorsim_v2.oauth.drawing import HEX, digest, draw
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidClientMetadata
from mockserver.providers.doctorsim_v2.profile import offers_everything
from mockserver.providers.doctorsim_v2.settings import MOST_CLIENTS, PUBLIC_CLIENT, UNUSED_CLIENT_LIVES
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.unit_of_work import UnitOfWork

_CLIENTS = "doctorsim_v2 clients"

_BEFOREHAND: Mapping[str, Any] = MappingProxyType(
    {
        "client_id": PUBLIC_CLIENT,
        "client_name": "doctorSIM",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
        "any_port_hosts": ["localhost"],
    }
)


async def add_client(work: UnitOfWork, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Store a client; return it with its id, and its secret or None. Raises InvalidClientMetadata when all is full."""
    await _make_room(work)
    client = {
        "client_id": "cli_" + await draw(work, HEX, 24, "client"),
        "client_id_issued_at": to_micros(work.now) // 1_000_000,
        **metadata,
    }
    secret = None
    row = dict(client)
    if metadata["token_endpoint_auth_method"] != "none":
        secret = "cs_" + await draw(work, HEX, 48, "client secret")
        row["secret_digest"] = digest(secret)
    await _keep(work, row)
    return client, secret


async def find_client(work: UnitOfWork, client_id: str) -> Mapping[str, Any] | None:
    """Return the client, or None."""
    row = await work.tx.get(_CLIENTS, client_id)
    if row is not None:
        return decode_json(row)  # type: ignore[no-any-return]
    if client_id == PUBLIC_CLIENT and offers_everything(work.settings):
        return _BEFOREHAND
    return None


async def note_use(work: UnitOfWork, client: Mapping[str, Any]) -> None:
    """Keep the client for longer, as it was used to get tokens."""
    if client["client_id"] != PUBLIC_CLIENT:
        await _keep(work, client)


async def _keep(work: UnitOfWork, client: Mapping[str, Any]) -> None:
    await work.tx.put(_CLIENTS, client["client_id"], encode_json(dict(client)), due=work.now + UNUSED_CLIENT_LIVES)


async def _make_room(work: UnitOfWork) -> None:
    if await work.tx.count(_CLIENTS) < MOST_CLIENTS:
        return
    for row in await work.tx.due(_CLIENTS, until=work.now, limit=MOST_CLIENTS):
        await work.tx.delete(_CLIENTS, row.key)
    if await work.tx.count(_CLIENTS) >= MOST_CLIENTS:
        raise InvalidClientMetadata(
            f"{MOST_CLIENTS} clients are registered here already: use one again, or reset the sandbox"
        )

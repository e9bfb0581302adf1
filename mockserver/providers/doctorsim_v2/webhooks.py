"""The handlers of the webhook endpoints."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from mockserver.domain.errors import Invalid
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import hooks, wire
from mockserver.providers.doctorsim_v2.errors import Page
from mockserver.providers.doctorsim_v2.settings import EVENTS, LOCAL_ENDINGS
from mockserver.sandbox.unit_of_work import UnitOfWork


async def create(call: Call) -> Reply:
    """Make a webhook; this answer is the only one with its secret."""
    _check_url(call)
    async with call.work() as work:
        events = hooks.read_events(work, call.fields["events"]) if "events" in call.fields else list(EVENTS)
        row = await hooks.create(work, call.account.id, call.fields["url"], events)
        return Reply(_webhook_row(work, row, secret=True), status=201)


async def listing(call: Call) -> Reply:
    """Return all webhooks of the account."""
    async with call.work() as work:
        rows = await hooks.listing(work, call.account.id)
        return Reply(Page([_webhook_row(work, row) for row in rows], None))


async def show(call: Call) -> Reply:
    """Return one webhook of the account."""
    async with call.work() as work:
        return Reply(_webhook_row(work, await hooks.find(work, call.account.id, call.fields["id"])))


async def change(call: Call) -> Reply:
    """Change the URL, the events or the status of a webhook; absent fields stay."""
    fields = call.fields
    if "url" in fields:
        _check_url(call)
    async with call.work() as work:
        row = await hooks.find(work, call.account.id, fields["id"])
        row |= {name: fields[name] for name in {"url", "status"} & fields.keys()}
        if "events" in fields:
            row["events"] = hooks.read_events(work, fields["events"])
        await hooks.keep(work, call.account.id, row)
        return Reply(_webhook_row(work, row))


async def delete(call: Call) -> Reply:
    """Delete a webhook."""
    async with call.work() as work:
        await hooks.delete(work, call.account.id, call.fields["id"])
    return Reply({"id": int(call.fields["id"]), "deleted": True})


def _webhook_row(work: UnitOfWork, row: Mapping[str, Any], *, secret: bool = False) -> dict[str, Any]:
    return wire.webhook({**row, "events": hooks.shown_events(work, row["events"])}, secret=secret)


def _check_url(call: Call) -> None:
    """Raise Invalid unless the URL is HTTPS (documented), or http to a private host where the setting admits that."""
    try:
        parts = urlsplit(call.fields["url"])
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    local = call.state.settings.values["doctorsim_v2.local_http_webhooks"] and _is_local(host)
    if not host or parts.scheme not in ("https", *(("http",) if local else ())):
        rule = "must be an https:// address" + (", or an http:// address of a private host" if local else "")
        raise Invalid({"url": [f"The url field {rule}."]})
    if not call.fields["url"].isprintable() or " " in call.fields["url"]:
        raise Invalid({"url": ["The url field must not have spaces or control characters."]})
    if parts.fragment or parts.username is not None or parts.password is not None:
        raise Invalid({"url": ["The url field must not have a fragment or a password."]})


def _is_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith(LOCAL_ENDINGS)
    return address.is_loopback or (address.is_private and not address.is_link_local and not address.is_unspecified)

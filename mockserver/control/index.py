"""`/_mock` and `/_mock/health`: the way in, and whether the server is up."""

from typing import Any

from mockserver.clockwork.clock import machine_now
from mockserver.control.limits import limits_data
from mockserver.control.operation import Answer, ControlCall, Operation, Server, sandbox_prefix
from mockserver.http.provider import Provider
from mockserver.sandbox.credentials import is_sealed
from mockserver.sandbox.sandbox import Sandbox


def base_url(origin: str, name: str, provider: Provider) -> str:
    """Return the URL at which a client of this provider reaches this sandbox."""
    mount = provider.mounts[0]
    return f"{origin}{sandbox_prefix(name)}/{mount.host}{mount.prefix}"


def described_providers(server: Server, sandbox: Sandbox, origin: str) -> dict[str, Any]:
    """Return for each provider its title, base URL, OpenAPI URL and the credentials that scenarios in force declare."""
    return {
        name: {
            "title": provider.title,
            "base_url": base_url(origin, sandbox.name, provider),
            "credentials": [
                {"account": seed.id, **seed.credentials, "about": seed.about}
                for seed in sandbox.state.active_scenarios.accounts(name)
                if not is_sealed(seed)
            ],
            "openapi": f"{origin}{sandbox_prefix(sandbox.name)}/_mock/openapi/{name}.json",
        }
        for name, provider in server.providers.items()
    }


async def health(call: ControlCall) -> Answer:
    """Show that the server is up, with version, uptime and limits; touches no sandbox."""
    server = call.server
    uptime = (machine_now() - server.started).total_seconds()
    return Answer(
        {
            "status": "ok",
            "version": server.version,
            "uptime": round(max(uptime, 0.0), 3),
            "store": server.store,
            "limits": limits_data(server),
        }
    )


async def live(call: ControlCall) -> Answer:
    """Answer as long as the process does; touches nothing."""
    return Answer({"status": "live"})


async def ready(call: ControlCall) -> Answer:
    """Answer 503 while the server ends, so that a load balancer sends requests elsewhere."""
    if call.server.is_draining():
        return Answer({"status": "draining"}, status=503)
    return Answer({"status": "ready"})


async def index(call: ControlCall) -> Answer:
    """Show the providers with their base URLs and credentials, and links to all of the control API."""
    sandbox = await call.sandbox()
    here = f"{call.origin}{sandbox_prefix(sandbox.name)}/_mock"
    nouns = (
        "accounts",
        "ca.pem",
        "clock",
        "events",
        "faults",
        "fidelity",
        "health",
        "inbox",
        "ledger",
        "machines",
        "magic",
        "openapi.json",
        "orders",
        "populate",
        "requests",
        "reset",
        "sandboxes",
        "scenarios",
        "settings",
        "state",
        "webhooks/deliveries",
    )
    return Answer(
        {
            "name": "mockserver",
            "version": call.server.version,
            "sandbox": sandbox.name,
            "providers": described_providers(call.server, sandbox, call.origin),
            "links": {noun: f"{here}/{noun}" for noun in nouns},
        }
    )


OPERATIONS = (
    Operation("GET", "/health", health, name="health", summary="Whether the server is up", open=True),
    Operation("GET", "/live", live, name="live", summary="Whether the process answers at all", open=True),
    Operation(
        "GET",
        "/ready",
        ready,
        name="ready",
        summary="Whether requests are wanted: 503 while it drains",
        open=True,
    ),
    Operation("GET", "", index, name="index", summary="Providers, base URLs, documented credentials, links"),
)

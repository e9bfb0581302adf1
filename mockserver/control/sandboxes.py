"""`/_mock/sandboxes` and `/_mock/reset`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mockserver.control.clock import CLOCK, clock_data, read_now, read_per_poll, read_rate
from mockserver.control.index import described_providers
from mockserver.control.operation import (
    Answer,
    ControlCall,
    Operation,
    list_of,
    object_schema,
    sandbox_prefix,
    text_schema,
)
from mockserver.control.problems import Problem
from mockserver.domain.mistakes import Invalid, NotFound
from mockserver.sandbox.birth import Birth
from mockserver.sandbox.sandbox import Sandbox

NEW = object_schema(
    name=text_schema("[a-z0-9][a-z0-9_-]{0,63}; made up when left out."),
    seed={"type": ["string", "integer"], "description": "What ids, prices and chances are cast from."},
    clock=CLOCK,
    scenarios={"type": "array", "items": {"type": "string"}, "description": "Active scenarios, first things first."},
    settings={"type": "object", "description": "Dotted names to values."},
)
MADE = {"type": "object", "required": ["name", "base_url", "providers"]}


def described(call: ControlCall, sandbox: Sandbox) -> dict[str, Any]:
    """A sandbox with its clock, scenarios and base URLs."""
    return {
        "name": sandbox.name,
        "base_url": f"{call.origin}{sandbox_prefix(sandbox.name)}",
        "seed": sandbox.state.birth.seed,
        "clock": clock_data(sandbox),
        "scenarios": list(sandbox.state.force.names),
        "providers": described_providers(call.server, sandbox, call.origin),
    }


def _birth(body: Mapping[str, Any], usual: Birth) -> Birth:
    clock = body.get("clock") or {}
    rate = read_rate(clock, present=usual.rate)
    per_poll = read_per_poll(clock, rate=usual.rate if rate is None else rate)
    return Birth(
        seed=body.get("seed", usual.seed),
        start=read_now(clock) or usual.start,
        rate=usual.rate if rate is None else Decimal(rate),
        scenarios=tuple(body.get("scenarios", usual.scenarios)),
        settings={**(usual.settings or {}), **body.get("settings", {})},
        per_poll=per_poll,
    )


async def listing(call: ControlCall) -> Answer:
    """Every sandbox by name."""
    server = call.server
    found = [server.sandboxes.known(name) for name in server.sandboxes.names()]
    rows = [
        {
            "name": one.name,
            "base_url": f"{call.origin}{sandbox_prefix(one.name)}",
            "clock": clock_data(one),
            "scenarios": list(one.state.force.names),
        }
        for one in found
        if one is not None
    ]
    return Answer({"sandboxes": rows})


async def create(call: ControlCall) -> Answer:
    """A new sandbox."""
    sandboxes = call.server.sandboxes
    made = await sandboxes.create(call.body.get("name"), _birth(call.body, sandboxes.birth))
    return Answer(described(call, made), status=201)


async def show(call: ControlCall) -> Answer:
    """One sandbox; looking at it does not make it."""
    found = call.server.sandboxes.known(call.path_fields["name"])
    if found is None:
        raise NotFound("sandbox", call.path_fields["name"])
    return Answer(described(call, found))


async def delete(call: ControlCall) -> Answer:
    """Forget a sandbox."""
    await call.server.sandboxes.delete(call.path_fields["name"])
    return Answer(None, status=204)


async def reset(call: ControlCall) -> Answer:
    """This sandbox back to how it was made; 409 when it cannot be made so any more."""
    sandbox = await call.sandbox()
    try:
        await sandbox.reset()
    except Invalid as error:
        raise Problem(409, f"the sandbox cannot be made again as it was, and stays as it is: {error}") from None
    return Answer(described(call, sandbox))


OPERATIONS = (
    Operation(
        "GET", "/sandboxes", listing, name="sandboxes", summary="Every sandbox by name", gives=list_of("sandboxes")
    ),
    Operation(
        "POST",
        "/sandboxes",
        create,
        name="createSandbox",
        summary="A new sandbox with clock, seed, scenarios and settings of its own",
        takes=NEW,
        gives=MADE,
        status=201,
    ),
    Operation("GET", "/sandboxes/{name}", show, name="sandbox", summary="One sandbox", gives=MADE),
    Operation("DELETE", "/sandboxes/{name}", delete, name="deleteSandbox", summary="Forget a sandbox", status=204),
    Operation("POST", "/reset", reset, name="reset", summary="This sandbox back to how it was made", gives=MADE),
)

"""`/_mock/sandboxes` and `/_mock/reset`: make, show, delete and reset sandboxes."""

from collections.abc import Mapping
from datetime import timedelta
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
from mockserver.control.populate import POPULATION, population_data, read_population
from mockserver.control.problems import Problem
from mockserver.domain.errors import Invalid, NotFound
from mockserver.domain.moments import parse_span, span_text
from mockserver.domain.suggestions import did_you_mean
from mockserver.sandbox.config import LARGEST_SEED, LONGEST_SEED, SandboxConfig
from mockserver.sandbox.names import name_from
from mockserver.sandbox.place import Place, Terms
from mockserver.sandbox.sandbox import Sandbox

#: How many labels a sandbox may have, and how many characters their names and values.
MOST_LABELS, LONGEST_LABEL = 16, 256

_TERMS: dict[str, Any] = {
    "seed": {
        "type": ["string", "integer"],
        "maxLength": LONGEST_SEED,
        "minimum": -LARGEST_SEED,
        "maximum": LARGEST_SEED,
        "description": "What ids, prices and chances are cast from; a longer number is written as a text.",
    },
    "clock": CLOCK,
    "scenarios": {"type": "array", "items": {"type": "string"}, "description": "Active scenarios; earlier ones win."},
    "settings": {"type": "object", "description": "Dotted names to values."},
    "expires": {
        "type": ["string", "number"],
        "description": "How long it stays without use, in real time: 30m, 2h, or seconds; above 0.",
    },
    "labels": {
        "type": "object",
        "maxProperties": MOST_LABELS,
        "propertyNames": {"minLength": 1, "maxLength": LONGEST_LABEL},
        "additionalProperties": {"type": "string", "maxLength": LONGEST_LABEL},
        "description": "Texts of your own, such as the job that it belongs to.",
    },
    "populate": POPULATION,
}
NEW = object_schema(
    name=text_schema(
        "Made up when left out. What is not [a-z0-9_-] is folded, and the answer says the name in use.", minLength=1
    ),
    **_TERMS,
)
ENSURED = object_schema(**_TERMS)
MADE = {"type": "object", "required": ["name", "base_url", "providers"]}


def described(call: ControlCall, sandbox: Sandbox) -> dict[str, Any]:
    """Return a sandbox with its clock, scenarios and base URLs, as the control API shows it."""
    place = call.server.sandboxes.place(sandbox.name)
    data = {
        "name": sandbox.name,
        "base_url": f"{call.origin}{sandbox_prefix(sandbox.name)}",
        "seed": sandbox.state.birth.seed,
        "clock": clock_data(sandbox),
        "scenarios": list(sandbox.state.active_scenarios.names),
        **(_terms_data(place) if place is not None else {}),
        "providers": described_providers(call.server, sandbox, call.origin),
    }
    if sandbox.state.birth.population is not None:
        data["populate"] = population_data(sandbox.state.birth.population)
    return data


def _terms_data(place: Place) -> dict[str, Any]:
    """Return `expires` (the sandbox's own, else the server's) and the labels."""
    expires = None if place.lives is None else span_text(timedelta(seconds=place.lives))
    return {"expires": expires, "labels": dict(place.terms.labels or {})}


def _terms(body: Mapping[str, Any], usual: SandboxConfig) -> Terms:
    clock = body.get("clock") or {}
    rate = read_rate(clock, present=usual.rate)
    per_poll = read_per_poll(clock, rate=usual.rate if rate is None else rate)
    config = SandboxConfig(
        seed=body.get("seed", usual.seed),
        start=read_now(clock) or usual.start,
        rate=usual.rate if rate is None else Decimal(rate),
        scenarios=tuple(body.get("scenarios", usual.scenarios)),
        settings={**(usual.settings or {}), **body.get("settings", {})},
        per_poll=per_poll,
        population=read_population(body["populate"], "populate.") if "populate" in body else usual.population,
    )
    return Terms(config, _expires(body), body.get("labels") or None)


def _expires(body: Mapping[str, Any]) -> timedelta | None:
    if "expires" not in body:
        return None
    try:
        span = parse_span(body["expires"])
        if not span:
            raise ValueError(f"must be a duration above 0: {body['expires']!r}")
    except ValueError as error:
        raise Invalid({"expires": [str(error)]}) from None
    return span


async def listing(call: ControlCall) -> Answer:
    """List every sandbox by name; each `label=job:42` of the query keeps only those with this label."""
    labels = [_label(text) for text in call.query_values("label")]
    rows = [
        {
            "name": place.name,
            "base_url": f"{call.origin}{sandbox_prefix(place.name)}",
            "clock": clock_data(place.sandbox),
            "scenarios": list(place.sandbox.state.active_scenarios.names),
            **_terms_data(place),
        }
        for place in call.server.sandboxes.places()
        if all((place.terms.labels or {}).get(name) == value for name, value in labels)
    ]
    return Answer({"sandboxes": rows})


def _label(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise Invalid({"label": [f"must be a name and a value with a colon between them, such as job:42: {text!r}"]})
    return name, value


async def create(call: ControlCall) -> Answer:
    """Make a sandbox; refused with 409 where the name is taken."""
    sandboxes = call.server.sandboxes
    name = name_from(call.body["name"]) if "name" in call.body else None
    place = await sandboxes.create(name, _terms(call.body, sandboxes.birth))
    return Answer(described(call, place.sandbox), status=201)


async def ensure(call: ControlCall) -> Answer:
    """Make the sandbox (201), or show it where it was made in the same way (200); 409 where in another way."""
    sandboxes = call.server.sandboxes
    place, is_new = await sandboxes.ensure(name_from(call.path_fields["name"]), _terms(call.body, sandboxes.birth))
    return Answer(described(call, place.sandbox), status=201 if is_new else 200)


async def show(call: ControlCall) -> Answer:
    """Show one sandbox; does not make it."""
    sandbox = call.server.sandboxes.known(name_from(call.path_fields["name"]))
    if sandbox is None:
        raise _unknown(call)
    return Answer(described(call, sandbox))


def _unknown(call: ControlCall) -> NotFound:
    name = name_from(call.path_fields["name"])
    return NotFound("sandbox", name, hint=did_you_mean(name, [place.name for place in call.server.sandboxes.places()]))


async def delete(call: ControlCall) -> Answer:
    """Delete a sandbox; requests under way still end in it."""
    try:
        await call.server.sandboxes.delete(name_from(call.path_fields["name"]))
    except NotFound:
        raise _unknown(call) from None
    return Answer(None, status=204)


async def reset(call: ControlCall) -> Answer:
    """Reset this sandbox to how it was made; refused with 409 where it cannot be made that way any more."""
    sandbox = await call.sandbox()
    try:
        await sandbox.reset()
    except Invalid as error:
        raise Problem(409, f"the sandbox cannot be made again as it was, and stays as it is: {error}") from None
    return Answer(described(call, sandbox))


OPERATIONS = (
    Operation(
        "GET",
        "/sandboxes",
        listing,
        name="sandboxes",
        summary="Every sandbox",
        gives=list_of("sandboxes"),
        query={
            "label": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Only those with this label, such as job:42; of several, those with all.",
            }
        },
    ),
    Operation(
        "POST",
        "/sandboxes",
        create,
        name="createSandbox",
        summary="Make a sandbox with clock, seed, scenarios and settings of its own",
        takes=NEW,
        gives=MADE,
        status=201,
    ),
    Operation("GET", "/sandboxes/{name}", show, name="sandbox", summary="One sandbox", gives=MADE, slashes=True),
    Operation(
        "DELETE",
        "/sandboxes/{name}",
        delete,
        name="deleteSandbox",
        summary="Forget a sandbox",
        status=204,
        slashes=True,
    ),
    Operation(
        "PUT",
        "/sandboxes/{name}",
        ensure,
        name="ensureSandbox",
        summary="Return the sandbox of this name, made where there is none; a test's full name can be the name",
        takes=ENSURED,
        gives=MADE,
        slashes=True,
        statuses=(201,),
    ),
    Operation("POST", "/reset", reset, name="reset", summary="Take this sandbox back to how it was made", gives=MADE),
)

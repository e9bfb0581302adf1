"""`POST /_mock/populate`: fill a sandbox with a history of orders."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, object_schema, text_schema
from mockserver.domain.errors import Invalid
from mockserver.domain.moments import LATEST, moment_text, parse_span, span_text
from mockserver.sandbox.config import LONGEST_PAST, MOST_ORDERS, Population

_NAMES = {"type": "array", "items": {"type": "string"}, "maxItems": 100}
POPULATION = object_schema(
    ("orders",),
    orders={"type": "integer", "minimum": 1, "maximum": MOST_ORDERS, "description": "How many orders are placed."},
    over={"type": ["string", "number"], "description": "Within how much time: 90d (the default), 12h, or seconds."},
    providers={**_NAMES, "description": "Only of these providers; of all when left out."},
    accounts={**_NAMES, "description": "Only by these accounts (ids); by the documented ones when left out."},
    webhooks={"type": "boolean", "description": "Whether the webhooks that this causes are sent (false)."},
)
_COUNTS = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "integer"}}}
_DONE = object_schema(
    ("placed", "states", "refused", "from", "to"),
    placed={"type": "integer", "description": "How many orders were placed."},
    states={**_COUNTS, "description": "By provider, how many of them stand in which state."},
    refused={**_COUNTS, "description": "By provider, how often customers were refused with which mistake."},
    **{"from": text_schema("Where the clock stood."), "to": text_schema("Where it stands.")},
)


def read_population(body: Mapping[str, Any], path: str = "") -> Population:
    """Return the population that a body asks for; raises Invalid, with `path` in front of the field.

    The body fits the schema `POPULATION` already.
    """
    try:
        over = parse_span(body.get("over", "90d"))
        if not timedelta() < over <= LONGEST_PAST:
            raise ValueError(f"must be a duration above 0 and of at most ten years: {body['over']!r}")
    except ValueError as error:
        raise Invalid({f"{path}over": [str(error)]}) from None
    providers, accounts = (tuple(dict.fromkeys(body.get(name, ()))) for name in ("providers", "accounts"))
    return Population(body["orders"], over, providers, accounts, body.get("webhooks", False))


def population_data(population: Population) -> dict[str, Any]:
    """Return a population as JSON data, as a body asks for it."""
    return {
        "orders": population.orders,
        "over": span_text(population.over),
        "providers": list(population.providers),
        "accounts": list(population.accounts),
        "webhooks": population.webhooks,
    }


async def populate(call: ControlCall) -> Answer:
    """Let invented customers act while the clock moves on by `over`; one such call at a time for each sandbox."""
    population = read_population(call.body)
    sandbox = await call.sandbox()
    until = sandbox.state.clock.now() + population.over
    if until >= LATEST:
        raise Invalid({"over": [f"must lead to a moment before {moment_text(LATEST)}: {moment_text(until)}"]})
    history = await call.server.populate(sandbox, population, until)
    return Answer(
        {
            "placed": history.placed,
            "states": history.states,
            "refused": history.refused,
            "from": moment_text(history.begin),
            "to": moment_text(history.end),
        }
    )


OPERATIONS = (
    Operation(
        "POST",
        "/populate",
        populate,
        name="populate",
        summary="Make a history to start from: invented customers place orders while time moves on",
        takes=POPULATION,
        gives=_DONE,
    ),
)

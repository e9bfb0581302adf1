"""`/_mock/scenarios`: the library, and what is in force."""

from collections.abc import Mapping
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, list_of
from mockserver.control.problems import Problem
from mockserver.domain.mistakes import NotFound
from mockserver.sandbox.room import check_room
from mockserver.sandbox.sealing import sealed
from mockserver.scenario.check import load_scenario

_NAMES = {"type": "array", "items": {"type": "string"}, "description": "Scenario names, first things first."}


async def listing(call: ControlCall) -> Answer:
    """Every scenario there is, and whether it is active."""
    sandbox = await call.sandbox()
    rows = [
        {
            "name": one.name,
            "provider": one.provider,
            "about": one.about,
            "teaches": one.teaches,
            "active": one.name in sandbox.force.names,
            "default": one is sandbox.library.default(one.provider),
        }
        for name in sandbox.library.names()
        for one in sandbox.library.find(name)
        if one.provider in call.server.providers
    ]
    return Answer({"scenarios": rows})


async def show(call: ControlCall) -> Answer:
    """The files of one name: one for each provider that has it."""
    sandbox = await call.sandbox()
    found = sandbox.library.find(call.path_fields["name"])
    if not found:
        raise NotFound("scenario", call.path_fields["name"])
    files = [
        {"provider": one.provider, "about": one.about, "teaches": one.teaches, "source": one.source, "yaml": one.text}
        for one in found
    ]
    return Answer({"name": found[0].name, "active": found[0].name in sandbox.force.names, "files": files})


async def add(call: ControlCall) -> Answer:
    """Add a scenario to this sandbox's library; its name is the file's own. Of an active one, new orders take it.

    What it says of credentials is kept as digests.
    """
    sandbox = await call.sandbox()
    providers = list(call.server.providers)
    scenario = load_scenario(call.raw, source="scenario.yaml", providers=providers, judge=call.server.judge)
    check_room(sandbox, scenario)
    sandbox.try_out(scenario)
    sandbox.library.add(sealed(scenario, sandbox.trades[scenario.provider]))
    if scenario.name in sandbox.force.names or scenario.name == "quick":
        sandbox.activate(sandbox.force.names)
        await sandbox.open_new_accounts()
    return Answer({"name": scenario.name, "provider": scenario.provider, "about": scenario.about}, status=201)


async def schema(call: ControlCall) -> Answer:
    """The JSON Schema of scenario files, with the names that this server knows."""
    from mockserver.scenario.schema import scenario_schema

    found = scenario_schema()
    found["$id"] = f"{call.origin}/_mock/scenarios/schema.json"
    members = found["properties"]
    members["provider"]["enum"] = list(call.server.providers)
    # Suggested, not demanded: a file for a newer server may set more.
    members["settings"]["properties"] = {
        name: {"description": row["help"], "default": row["default"], **_choices(row)}
        for name, row in call.server.settings.described().items()
    }
    return Answer(found, media="application/schema+json")


def _choices(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"enum": row["choices"]} if "choices" in row else {}


async def active(call: ControlCall) -> Answer:
    """The names of the active scenarios; each provider's default lies underneath, unnamed."""
    return Answer(list((await call.sandbox()).force.names))


async def activate(call: ControlCall) -> Answer:
    """Make these the active ones, all or none; running orders keep what they were born with."""
    sandbox = await call.sandbox()
    if not isinstance(call.body, list):
        raise Problem(422, "the body is a list of scenario names")
    sandbox.activate(call.body)
    await sandbox.open_new_accounts()
    return Answer(list(sandbox.force.names))


OPERATIONS = (
    Operation(
        "GET",
        "/scenarios",
        listing,
        name="scenarios",
        summary="Every scenario there is",
        gives=list_of("scenarios"),
    ),
    Operation(
        "POST",
        "/scenarios",
        add,
        name="addScenario",
        summary="Add a scenario file to this sandbox",
        media="application/yaml",
        status=201,
    ),
    Operation("GET", "/scenarios/active", active, name="activeScenarios", summary="The active scenarios", gives=_NAMES),
    Operation(
        "PUT",
        "/scenarios/active",
        activate,
        name="activateScenarios",
        summary="Make these the active scenarios",
        takes=_NAMES,
        gives=_NAMES,
    ),
    Operation(
        "GET",
        "/scenarios/schema.json",
        schema,
        name="scenarioSchema",
        summary="The JSON Schema of scenario files, for editors",
    ),
    Operation("GET", "/scenarios/{name}", show, name="scenario", summary="One scenario's files"),
)

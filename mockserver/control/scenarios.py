"""`/_mock/scenarios`: the library, and what is in force."""

import asyncio
from collections.abc import Mapping
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, Server, list_of
from mockserver.control.problems import Problem
from mockserver.domain.errors import NotFound
from mockserver.domain.suggestions import did_you_mean
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.room import check_room
from mockserver.sandbox.sealing import sealed
from mockserver.scenario.check import load_with_warnings
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario

#: How many warnings of a file are told.
_MOST_WARNINGS = 100
_NAMES = {"type": "array", "items": {"type": "string"}, "description": "Scenario names, first things first."}


async def listing(call: ControlCall) -> Answer:
    """Every scenario there is, and whether it is active."""
    sandbox = await call.sandbox()
    # In a thread: the first to ask has every file read.
    found = await asyncio.to_thread(_all_of, sandbox.state.library.overlaid())
    rows = [
        {
            "name": one.name,
            "provider": one.provider,
            "about": one.about,
            "teaches": one.teaches,
            "active": one.name in sandbox.state.active_scenarios.names,
            "default": one is sandbox.state.library.default(one.provider),
        }
        for one in found
        if one.provider in call.server.providers
    ]
    return Answer({"scenarios": rows})


def _all_of(library: Library) -> list[Scenario]:
    return [one for name in library.names() for one in library.find(name)]


async def show(call: ControlCall) -> Answer:
    """The files of one name: one for each provider that has it."""
    sandbox = await call.sandbox()
    found = sandbox.state.library.find(call.path_fields["name"])
    if not found:
        name = call.path_fields["name"]
        raise NotFound("scenario", name, hint=did_you_mean(name, sandbox.state.library.names()))
    files = [
        {"provider": one.provider, "about": one.about, "teaches": one.teaches, "source": one.source, "yaml": one.text}
        for one in found
    ]
    return Answer(
        {"name": found[0].name, "active": found[0].name in sandbox.state.active_scenarios.names, "files": files}
    )


async def add(call: ControlCall) -> Answer:
    """Add a scenario to this sandbox's library; its name is the file's own. Of an active one, new orders take it.

    What it says of credentials is kept as digests. `warnings` in the answer are those of `mockserver check`.
    """
    sandbox = await call.sandbox()
    # One at a time and in a thread, so that no file keeps the server from answering.
    async with call.server.checking:
        scenario, kept, warnings = await asyncio.to_thread(
            _checked, call.server, call.raw, sandbox.state.provider_rules
        )
    check_room(sandbox.state, scenario)
    sandbox.try_out(scenario)
    sandbox.state.library.add(kept)
    if scenario.name in sandbox.state.active_scenarios.names or scenario.name == "quick":
        sandbox.state.activate(sandbox.state.active_scenarios.names)
        await sandbox.open_new_accounts()
    made: dict[str, Any] = {"name": scenario.name, "provider": scenario.provider, "about": scenario.about}
    return Answer(made | ({"warnings": warnings} if warnings else {}), status=201)


def _checked(
    server: Server, text: bytes, provider_rules: Mapping[str, ProviderRules]
) -> tuple[Scenario, Scenario, list[dict[str, Any]]]:
    """The scenario, the same without its credentials, and a row for each warning."""
    scenario, found = load_with_warnings(
        text, source="scenario.yaml", providers=list(server.providers), judge=server.judge
    )
    warnings = [
        {"field": f"{one.file}:{one.line}:{one.column}", "message": one.message} for one in found[:_MOST_WARNINGS]
    ]
    return scenario, sealed(scenario, provider_rules[scenario.provider]), warnings


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
    return Answer(list((await call.sandbox()).state.active_scenarios.names))


async def activate(call: ControlCall) -> Answer:
    """Make these the active ones, all or none; running orders keep what they were born with."""
    sandbox = await call.sandbox()
    if not isinstance(call.body, list):
        raise Problem(422, "the body is a list of scenario names")
    sandbox.state.activate(call.body)
    await sandbox.open_new_accounts()
    return Answer(list(sandbox.state.active_scenarios.names))


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
        produces=("application/schema+json",),
    ),
    Operation("GET", "/scenarios/{name}", show, name="scenario", summary="One scenario's files"),
)

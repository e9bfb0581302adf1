"""`/_mock/scenarios`: the library, and the active scenarios."""

import asyncio
from collections.abc import Mapping
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, Server, list_of
from mockserver.control.problems import Problem, problem_row
from mockserver.domain.errors import NotFound
from mockserver.domain.suggestions import did_you_mean
from mockserver.events.facts import ScenariosChanged
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.room import check_room
from mockserver.sandbox.sealing import sealed
from mockserver.scenario.check import load_with_warnings
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.model import Scenario

#: How many warnings about a file an answer holds.
_MOST_WARNINGS = 100
_NAMES = {"type": "array", "items": {"type": "string"}, "description": "Scenario names; earlier ones win."}


async def listing(call: ControlCall) -> Answer:
    """List every scenario of the library, and whether it is active."""
    sandbox = await call.sandbox()
    # In a thread: the first listing reads every file.
    scenarios = await asyncio.to_thread(_all_of, sandbox.state.library.overlaid())
    rows = [
        {
            "name": scenario.name,
            "provider": scenario.provider,
            "about": scenario.about,
            "teaches": scenario.teaches,
            "active": scenario.name in sandbox.state.active_scenarios.names,
            "default": scenario is sandbox.state.library.default(scenario.provider),
        }
        for scenario in scenarios
        if scenario.provider in call.server.providers
    ]
    return Answer({"scenarios": rows})


def _all_of(library: Library) -> list[Scenario]:
    return [scenario for name in library.names() for scenario in library.find(name)]


async def show(call: ControlCall) -> Answer:
    """Show the files of one name: one for each provider that has it."""
    sandbox = await call.sandbox()
    scenarios = sandbox.state.library.find(call.path_fields["name"])
    if not scenarios:
        name = call.path_fields["name"]
        raise NotFound("scenario", name, hint=did_you_mean(name, sandbox.state.library.names()))
    files = [
        {
            "provider": scenario.provider,
            "about": scenario.about,
            "teaches": scenario.teaches,
            "source": scenario.source,
            "yaml": scenario.text,
        }
        for scenario in scenarios
    ]
    return Answer(
        {"name": scenarios[0].name, "active": scenarios[0].name in sandbox.state.active_scenarios.names, "files": files}
    )


async def add(call: ControlCall) -> Answer:
    """Add a scenario to this sandbox's library; the file itself says its name.

    Where the scenario is active already, new orders take the new version. Its credentials are kept as digests only.
    `warnings` in the answer are those of `mockserver check`.
    """
    sandbox = await call.sandbox()
    # One at a time and in a thread, so that no file keeps the server from answering.
    async with call.server.checking:
        scenario, sealed_scenario, warnings = await asyncio.to_thread(
            _checked, call.server, call.raw, sandbox.state.provider_rules
        )
    check_room(sandbox.state, scenario)
    sandbox.try_out(scenario)
    names = sandbox.state.active_scenarios.names
    if scenario.name in (*names, DEFAULT):
        await sandbox.activate(names, add=sealed_scenario)
    else:
        sandbox.state.library.add(sealed_scenario)
    sandbox.announcer.announce(ScenariosChanged("posted", (scenario.name,)))
    data: dict[str, Any] = {"name": scenario.name, "provider": scenario.provider, "about": scenario.about}
    return Answer(data | ({"warnings": warnings} if warnings else {}), status=201)


def _checked(
    server: Server, text: bytes, provider_rules: Mapping[str, ProviderRules]
) -> tuple[Scenario, Scenario, list[dict[str, Any]]]:
    """Return the scenario, the same with digests in place of credentials, and a row for each warning."""
    scenario, objections = load_with_warnings(
        text, source="scenario.yaml", providers=list(server.providers), judge=server.judge
    )
    # `field` is the place as one text, which answers had before they had its parts.
    warnings = [
        {**problem_row(objection), "field": f"{objection.file}:{objection.line}:{objection.column}"}
        for objection in objections[:_MOST_WARNINGS]
    ]
    return scenario, sealed(scenario, provider_rules[scenario.provider]), warnings


async def schema(call: ControlCall) -> Answer:
    """Show the JSON Schema of scenario files, with the providers and settings that this server knows."""
    from mockserver.scenario.schema import scenario_schema

    document = scenario_schema()
    document["$id"] = f"{call.origin}/_mock/scenarios/schema.json"
    members = document["properties"]
    members["provider"]["enum"] = list(call.server.providers)
    members["settings"]["additionalProperties"] = False
    members["settings"]["properties"] = {
        name: {"description": row["help"], "default": row["default"], **_choices(row)}
        for name, row in call.server.settings.described().items()
    }
    return Answer(document, media="application/schema+json")


def _choices(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"enum": row["choices"]} if "choices" in row else {}


async def active(call: ControlCall) -> Answer:
    """List the active scenarios by name; the default of each provider, which always applies, is not among them."""
    return Answer(list((await call.sandbox()).state.active_scenarios.names))


async def activate(call: ControlCall) -> Answer:
    """Make these scenarios the active ones, all or none; running orders keep the machine they were placed with."""
    sandbox = await call.sandbox()
    if not isinstance(call.body, list):
        raise Problem(422, "the body is a list of scenario names")
    await sandbox.activate(call.body)
    sandbox.announcer.announce(ScenariosChanged("active", sandbox.state.active_scenarios.names))
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

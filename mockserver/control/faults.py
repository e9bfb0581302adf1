"""`/_mock/faults`: faults of requests and deliveries, armed by a test or by the scenarios in force."""

from collections.abc import Mapping
from typing import Any

from mockserver.control.fault_names import fault_warnings
from mockserver.control.operation import Answer, ControlCall, Operation, list_of, text_schema
from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import suggestion
from mockserver.events.facts import FaultChanged, cut
from mockserver.faults import webhook_kinds, wire_kinds
from mockserver.faults.model import Fault, source_of
from mockserver.http.vocabulary import operations_of
from mockserver.journal.fault_secrets import shown_fault
from mockserver.sandbox.naming import account_id_of, known_names
from mockserver.sandbox.sandbox import Sandbox

_MATCHERS = {"type": "object", "description": "Dotted names to values or matchers."}
FAULT = {
    "type": "object",
    "properties": {
        "name": text_schema("How journal and Prefer: mock-fault=NAME call it; one of the same name is replaced."),
        "about": text_schema("A sentence for people."),
        "provider": text_schema("Only this provider's requests or deliveries."),
        "method": text_schema("Only this method, in any case."),
        "path": text_schema("Only these paths after the provider's base URL: * is one segment, ** any."),
        "operation": text_schema("Only this operation, as the journal calls it."),
        "account": text_schema("Only this account's: its id, or the public part of its credential."),
        "body": {**_MATCHERS, "description": "Dotted names of the body to values or matchers."},
        "query": {**_MATCHERS, "description": "Names of the query to values or matchers."},
        "state": {"description": "Only about orders in this state (a value, a list or a matcher)."},
        "event": text_schema("Only deliveries of this event; with webhook."),
        "times": {"type": "integer", "description": "How often it strikes, at most."},
        "chance": {"type": "number", "description": "How likely it strikes what it matches; the dice decide."},
        "until": {"description": "It strikes before this moment of the sandbox's clock; a duration counts from now."},
        "on_demand": {"type": "boolean", "description": "It strikes only what asks for it by name."},
        "stage": {"enum": ["before", "after"], "description": "after: the request is worked on first."},
        "delay": {"description": "A duration, {uniform: [a, b]}, {lognormal: {median, sigma}} or {fixed: a}."},
        "clock": {"enum": ["real", "sandbox"], "description": "Which time the delay takes (real)."},
        "answer": {
            "type": "object",
            "description": "{mistake, retry_after?} in the provider's words, or {status, body?, headers?}.",
        },
        "wire": wire_kinds.control_schema(),
        "webhook": webhook_kinds.control_schema(),
    },
}


def fault_data(sandbox: Sandbox, fault: Fault) -> dict[str, Any]:
    """Return a fault as the control API shows it; `left` is None where `times` sets no limit."""
    faults = sandbox.state.faults
    hits = faults.count(fault, "hits")
    data = {
        "id": fault.key,
        "source": source_of(fault.key),
        "matched": faults.count(fault, "matched"),
        "hits": hits,
        "left": max(fault.times - hits, 0) if fault.times is not None else None,
        "spent": faults.spent(fault, sandbox.state.clock.now()),
    }
    if fault.provider is not None:
        data["provider"] = fault.provider
    return data | shown_fault(fault.data)


async def listing(call: ControlCall) -> Answer:
    """List every fault in force, in the order in which they are considered."""
    sandbox = await call.sandbox()
    return Answer({"faults": [fault_data(sandbox, fault) for fault in sandbox.state.faults.in_force()]})


async def arm(call: ControlCall) -> Answer:
    """Arm a fault; an account may be named by its id or by the public part of its credential.

    `warnings` in the answer are about names in it that nothing has, such as a misspelt path.
    """
    sandbox = await call.sandbox()
    _check_words(call, call.body)
    body = await _with_account(call, sandbox, call.body)
    if isinstance(body.get("method"), str):
        body = {**body, "method": body["method"].upper()}
    key = sandbox.state.faults.arm(body, now=sandbox.state.clock.now(), problem=sandbox.state.settings.span_problem)
    fault = sandbox.state.faults.armed(key)
    _announce(sandbox, "armed", fault)
    warnings = fault_warnings(call, sandbox, fault)
    return Answer(fault_data(sandbox, fault) | ({"warnings": warnings} if warnings else {}), status=201)


async def show(call: ControlCall) -> Answer:
    """Show one armed fault."""
    sandbox = await call.sandbox()
    return Answer(fault_data(sandbox, sandbox.state.faults.armed(call.path_fields["id"])))


async def disarm_all(call: ControlCall) -> Answer:
    """Disarm every armed fault; faults of scenarios stay for as long as their scenario is active."""
    sandbox = await call.sandbox()
    armed = sandbox.state.faults.all_armed()
    sandbox.state.faults.disarm_all()
    for fault in armed:
        _announce(sandbox, "disarmed", fault)
    return Answer(None, status=204)


async def disarm(call: ControlCall) -> Answer:
    """Disarm one armed fault."""
    sandbox = await call.sandbox()
    fault = sandbox.state.faults.armed(call.path_fields["id"])
    sandbox.state.faults.disarm(fault.key)
    _announce(sandbox, "disarmed", fault)
    return Answer(None, status=204)


def _announce(sandbox: Sandbox, what: str, fault: Fault) -> None:
    now = sandbox.state.clock.now()
    sandbox.announcer.announce(FaultChanged(now, what, cut(fault.key), cut(fault.label), fault.provider))


def _check_words(call: ControlCall, body: Mapping[str, Any]) -> None:
    """Check the names that only the server knows, of provider and operation; raises Invalid."""
    name, providers = body.get("provider"), call.server.providers
    if name is not None and (not isinstance(name, str) or name not in providers):
        raise Invalid({"provider": [f"unknown provider: {name!r} ({suggestion(str(name), providers)})"]})
    candidates = [providers[name]] if name is not None else list(providers.values())
    operations = list(dict.fromkeys(operations_of(candidates)))
    if "operation" in body and body["operation"] not in operations:
        operation = body["operation"]
        raise Invalid({"operation": [f"unknown operation: {operation!r} ({suggestion(str(operation), operations)})"]})


async def _with_account(call: ControlCall, sandbox: Sandbox, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fault with the account's id in place of its name; raises Invalid for an unknown account.

    The public part of a credential belongs to one provider, so the fault becomes one of that provider's.
    """
    name, only = body.get("account"), body.get("provider")
    if not isinstance(name, str) or not name:
        return body
    candidates = [candidate for candidate in call.server.providers.values() if only in (None, candidate.name)]
    async with sandbox.work("control") as work:
        account_ids = {candidate.name: await account_id_of(work, candidate.rules, name) for candidate in candidates}
        ids = {provider: account for provider, account in account_ids.items() if account is not None}
        if not ids:
            known = [each for candidate in candidates for each in await known_names(work, candidate.rules)]
            raise Invalid({"account": [f"unknown account ({suggestion(name, known)})"]})
    if name in ids.values():
        return body
    provider, account = next(iter(ids.items()))
    return {**body, "provider": provider, "account": account}


OPERATIONS = (
    Operation("GET", "/faults", listing, name="faults", summary="Every fault in force", gives=list_of("faults")),
    Operation(
        "POST",
        "/faults",
        arm,
        name="armFault",
        summary="Arm a fault",
        takes=FAULT,
        gives=FAULT,
        status=201,
        never_empty=True,
    ),
    Operation("DELETE", "/faults", disarm_all, name="disarmFaults", summary="Take all faults back", status=204),
    Operation("GET", "/faults/{id}", show, name="fault", summary="One armed fault", gives=FAULT),
    Operation("DELETE", "/faults/{id}", disarm, name="disarmFault", summary="Take one fault back", status=204),
)

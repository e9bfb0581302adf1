"""`/_mock/events/{provider}`: events of a whole provider, such as a key rotation, that a test can trigger."""

from mockserver.control.operation import Answer, ControlCall, Operation, object_schema, text_schema
from mockserver.control.problems import Problem
from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import suggestion
from mockserver.http.provider import Provider

EVENT = object_schema(("event",), event=text_schema("One of the provider's own events, such as rotate_key."))
HAPPENED = {"type": "object", "required": ["provider", "event"]}
KNOWN = {"type": "object", "required": ["provider", "events"]}


async def listing(call: ControlCall) -> Answer:
    """List the provider's events, and what each does."""
    provider = _provider(call)
    events = [{"event": name, "about": event.about} for name, event in provider.events.items()]
    return Answer({"provider": provider.name, "events": events})


async def push(call: ControlCall) -> Answer:
    """Let one event happen; the answer holds what the event returns."""
    provider, name = _provider(call), call.body["event"]
    event = provider.events.get(name)
    if event is None:
        hint = suggestion(name, provider.events) if provider.events else f"{provider.name} takes none"
        raise Invalid({"event": [f"unknown event: {name[:100]!r} ({hint})"]})
    outcome = await event.happen(await call.sandbox())
    return Answer({"provider": provider.name, "event": name, **outcome})


def _provider(call: ControlCall) -> Provider:
    name, known = call.path_fields["provider"], call.server.providers
    if name not in known:
        raise Problem(404, f"provider not found: {name[:100]!r} ({suggestion(name, known)})")
    return known[name]


OPERATIONS = (
    Operation(
        "GET",
        "/events/{provider}",
        listing,
        name="providerEvents",
        summary="The events that concern a provider as a whole, not one order",
        gives=KNOWN,
    ),
    Operation(
        "POST",
        "/events/{provider}",
        push,
        name="pushProviderEvent",
        summary="Make an event happen that concerns a provider as a whole",
        takes=EVENT,
        gives=HAPPENED,
    ),
)

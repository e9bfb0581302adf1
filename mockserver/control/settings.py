"""`/_mock/settings`: one flat object of dotted names."""

from mockserver.control.operation import Answer, ControlCall, Operation


async def show(call: ControlCall) -> Answer:
    """Names to values; with `help=1` names to value, default and help."""
    settings = (await call.sandbox()).state.settings
    if call.query.get("help") in (None, "", "0", "false"):
        return Answer(dict(settings.values))
    return Answer(settings.described())


async def change(call: ControlCall) -> Answer:
    """Set some values, all or none; running timers keep the moments they were set for."""
    settings = (await call.sandbox()).state.settings
    settings.patch(call.body)
    return Answer(dict(settings.values))


_FLAT = {"type": "object", "description": "Dotted names to values."}

OPERATIONS = (
    Operation(
        "GET",
        "/settings",
        show,
        name="settings",
        summary="Every setting of the sandbox",
        gives=_FLAT,
        query={"help": "1 adds each setting's default and help"},
    ),
    Operation("PATCH", "/settings", change, name="changeSettings", summary="Set some values", takes=_FLAT, gives=_FLAT),
)

"""`/_mock/settings`: the settings of a sandbox, one flat object of dotted names."""

from mockserver.control.operation import Answer, ControlCall, Operation
from mockserver.domain.errors import Invalid

_ON, _OFF = ("1", "true"), ("0", "false", "")


async def show(call: ControlCall) -> Answer:
    """Show the value of each setting; with `help=1` value, default and help of each."""
    settings = (await call.sandbox()).state.settings
    help_value = call.query.get("help", "0")
    if help_value not in _ON + _OFF:
        raise Invalid({"help": [f"must be 1 or 0: {help_value[:100]!r}"]})
    return Answer(settings.described() if help_value in _ON else dict(settings.values))


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
    Operation(
        "PATCH", "/settings", change, name="changeSettings", summary="Change some settings", takes=_FLAT, gives=_FLAT
    ),
)

"""`/_mock/clock`: read, set and move a sandbox's time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, object_schema, text_schema
from mockserver.domain.errors import Invalid
from mockserver.domain.moments import LATEST, moment_text, parse_moment, parse_span, span_text
from mockserver.sandbox.refusals import HistoryUnderWay
from mockserver.sandbox.sandbox import Sandbox

MODES = ("real", "frozen", "scaled")
CLOCK = object_schema(
    mode={"type": "string", "enum": list(MODES), "description": "How time runs."},
    rate={
        "type": "number",
        "minimum": 0,
        "maximum": 1_000_000,
        "description": "Sandbox seconds per real second; 0 freezes.",
    },
    now=text_schema("The moment it is, ISO 8601 UTC; only forward."),
    per_poll={
        "type": ["string", "number", "null"],
        "description": "How far each read of an order moves the clock first; mode frozen only, null for not at all.",
    },
)
ADVANCE = object_schema(
    by={"type": ["string", "number"], "description": "A duration: 90s, 10m, 1h30m, 1d, or seconds."},
    to=text_schema("A moment, ISO 8601 UTC."),
    until={"type": "string", "enum": ["idle"], "description": "Until nothing is left to come, expiries included."},
)


def clock_data(sandbox: Sandbox) -> dict[str, Any]:
    """Return the clock as `{mode, now, rate}`, with `per_poll` where a read of an order moves the clock."""
    clock = sandbox.state.clock
    rate = clock.rate
    data = {
        "mode": clock.mode,
        "now": moment_text(clock.now()),
        "rate": int(rate) if rate == rate.to_integral_value() else float(rate),
    }
    return data if sandbox.state.per_poll is None else {**data, "per_poll": span_text(sandbox.state.per_poll)}


def read_rate(body: Mapping[str, Any], *, present: Decimal) -> Decimal | None:
    """Return the rate that `mode` and `rate` of the body ask for, None where both are left out.

    `present` is the rate at which the clock runs now. Raises Invalid where mode and rate contradict each other.
    """
    mode, number = body.get("mode"), body.get("rate")
    rate = None if number is None else Decimal(str(number))
    fixed = {"real": Decimal(1), "frozen": Decimal(0)}.get(mode or "")
    if fixed is not None:
        if rate is not None and rate != fixed:
            raise Invalid({"rate": [f"mode {mode} runs at {fixed}, not at {rate}"]})
        return fixed
    if mode == "scaled" and rate == 0:
        raise Invalid({"rate": ["mode scaled needs a rate above 0: mode frozen stops the clock"]})
    if mode == "scaled" and rate is None:
        if present in (0, 1):
            raise Invalid({"rate": ["mode scaled needs a rate"]})
        return present
    return rate


def read_now(body: Mapping[str, Any]) -> Any:
    """Return the moment of the body's `now`, or None; raises Invalid."""
    if body.get("now") is None:
        return None
    try:
        return _within_the_calendar("now", parse_moment(body["now"]))
    except ValueError as error:
        raise Invalid({"now": [str(error)]}) from None


def read_per_poll(body: Mapping[str, Any], *, rate: Decimal) -> timedelta | None:
    """Return the span of the body's `per_poll`, None for none; raises Invalid where the clock runs.

    `rate` is the rate at which the clock will run.
    """
    written = body.get("per_poll")
    if written is None:
        return None
    try:
        span = parse_span(written)
    except ValueError as error:
        raise Invalid({"per_poll": [str(error)]}) from None
    if span and rate:
        raise Invalid({"per_poll": ["needs mode frozen: a clock that runs moves by itself"]})
    return span or None


def _within_the_calendar(name: str, moment: datetime) -> datetime:
    if moment >= LATEST:
        raise Invalid({name: [f"must lead to a moment before {moment_text(LATEST)}: {moment_text(moment)}"]})
    return moment


def _refuse_beside_a_history(sandbox: Sandbox) -> None:
    if sandbox.state.populating:
        raise HistoryUnderWay


async def show(call: ControlCall) -> Answer:
    """Show the clock."""
    return Answer(clock_data(await call.sandbox()))


async def change(call: ControlCall) -> Answer:
    """Set mode, rate and moment; a moment in the past is refused with 409, and nothing changes."""
    sandbox = await call.sandbox()
    _refuse_beside_a_history(sandbox)
    present = sandbox.state.clock.rate
    rate, now = read_rate(call.body, present=present), read_now(call.body)
    per_poll = read_per_poll(call.body, rate=present if rate is None else rate)
    await sandbox.set_clock(rate=rate, now=now)
    if "per_poll" in call.body:
        sandbox.state.per_poll = per_poll
    return Answer(clock_data(sandbox))


async def move(call: ControlCall) -> Answer:
    """Move time forward; answers after everything due on the way has run and every delivery has been attempted."""
    sandbox = await call.sandbox()
    if len(call.body) != 1:
        raise Invalid({"body": ["exactly one of by, to, until"]})
    try:
        by = parse_span(call.body["by"]) if "by" in call.body else None
        to = parse_moment(call.body["to"]) if "to" in call.body else None
    except ValueError as error:
        raise Invalid({next(iter(call.body)): [str(error)]}) from None
    if by is not None:
        _within_the_calendar("by", sandbox.state.clock.now() + by)
    if to is not None:
        _within_the_calendar("to", to)
    _refuse_beside_a_history(sandbox)
    before = sandbox.deliveries.failures.number
    result = await sandbox.advance(by=by, to=to)
    data = {
        "now": moment_text(sandbox.state.clock.now()),
        "fired": result.fired,
        "delivered": result.delivered,
        "failed": result.failed,
        "pending": await sandbox.pending(),
    }
    if failures := sandbox.deliveries.failures.since(before):
        data["failures"] = [{"id": failure.id, "url": failure.url, "reason": failure.reason} for failure in failures]
    return Answer(data)


_RAN = object_schema(
    ("now", "fired", "delivered", "failed", "pending"),
    now=text_schema("The new moment."),
    fired={"type": "integer", "description": "Timers fired."},
    delivered={"type": "integer", "description": "Delivery attempts that succeeded."},
    failed={"type": "integer", "description": "Delivery attempts that failed."},
    pending={"type": "integer", "description": "Timers and deliveries still to come."},
    failures={
        "type": "array",
        "description": "Why attempts failed and what was dropped, the newest 20; left out where there is none.",
        "items": object_schema(
            ("id", "url", "reason"),
            id=text_schema("The delivery, or the key of the timer."),
            url=text_schema("Where it was sent, without the query; empty for what was dropped."),
            reason=text_schema("What the receiver or the network had against it, or which error dropped it."),
        ),
    },
)

OPERATIONS = (
    Operation("GET", "/clock", show, name="clock", summary="Mode, moment and rate of the clock", gives=CLOCK),
    Operation(
        "PUT", "/clock", change, name="setClock", summary="Set mode and rate, move forward", takes=CLOCK, gives=CLOCK
    ),
    Operation(
        "POST",
        "/clock/advance",
        move,
        name="advanceClock",
        summary="Move time by a duration, to a moment, or until idle",
        takes=ADVANCE,
        gives=_RAN,
        never_empty=True,
    ),
)

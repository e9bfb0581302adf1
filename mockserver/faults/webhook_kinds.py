"""The table of what can happen to a webhook. A new kind is one more entry of `KINDS`.

Everything else follows from the entry: how scenario files and the control API take it (`check`, `webhook_schema`),
what is suggested for a name that is not known, what the documents say, and what becomes of the delivery.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from mockserver.domain.moments import parse_span, span_text
from mockserver.engine.delays import delay_from_data, resolve, settings_of, span_from_data
from mockserver.engine.dice import Dice
from mockserver.faults.model import Posting
from mockserver.faults.spans import delay_of

Schema = Mapping[str, Any]

#: How old a stale timestamp is that says no age of its own.
_STALE = timedelta(hours=1)
_MOST_COPIES = 100


class Circumstances(NamedTuple):
    """The delivery's id, and what its faults are decided by."""

    delivery: str
    dice: Dice
    settings: Mapping[str, Any]


class FixedArgument(NamedTuple):
    """The argument as the delivery keeps it (JSON data), and how much later the first attempt is made."""

    argument: Any
    later: timedelta = timedelta()


def _as_written(argument: Any, circumstances: Circumstances) -> FixedArgument:
    return FixedArgument(argument)


@dataclass(frozen=True, slots=True)
class WebhookKind:
    """One kind of fault that a delivery suffers, written `{name: argument}`.

    `about` says in a few words what the receiver sees. `check` raises ValueError for an argument that cannot be.
    `asks` returns the settings that an argument asks for, which must hold durations.
    `fix` decides about a delivery once, when it is put in the outbox. `alter` changes each attempt, `copies` says
    how many more times a delivered one is sent; both take the argument that `fix` returned.

    `never_sent`: no attempt is made. `before_answer`: the request that caused it is answered after the first attempt.
    `overtaken`: the receiver's next delivery is sent first.
    """

    name: str
    about: str
    schema: Schema
    check: Callable[[Any], object]
    fix: Callable[[Any, Circumstances], FixedArgument] = _as_written
    asks: Callable[[Any], list[str]] | None = None
    alter: Callable[[Any, Posting], Posting] | None = None
    copies: Callable[[Any], int] | None = None
    never_sent: bool = False
    before_answer: bool = False
    overtaken: bool = False


# -- how their arguments are read ----------------------------------------------------------------------


def _only_true(name: str) -> Callable[[Any], None]:
    def check(argument: Any) -> None:
        if argument is not True:
            raise ValueError(f"{name} must be true (leave it out otherwise)")

    return check


def _check_copies(argument: Any) -> None:
    whole = isinstance(argument, int) and not isinstance(argument, bool)
    if argument is not True and not (whole and 1 <= argument <= _MOST_COPIES):
        raise ValueError(f"duplicate must be true or a whole number up to {_MOST_COPIES}: {argument!r}")


def _check_age(argument: Any) -> None:
    if argument is not True:
        span_from_data(argument)


# -- what the kinds do ---------------------------------------------------------------------------------


def _delayed(argument: Any, by: Circumstances) -> FixedArgument:
    later = resolve(delay_from_data(argument), by.dice, "webhook delay", by.delivery, facts={}, settings=by.settings)
    return FixedArgument(span_text(later), later)


def _aged(argument: Any, by: Circumstances) -> FixedArgument:
    return FixedArgument(span_text(_STALE if argument is True else parse_span(argument)))


def _signed_earlier(argument: str, posting: Posting) -> Posting:
    return posting._replace(signed_at=posting.signed_at - parse_span(argument))


def _signed_wrongly(argument: bool, posting: Posting) -> Posting:
    # A signature as good as any, of another body.
    return posting._replace(signed_body=posting.signed_body + " ")


# -- the table -----------------------------------------------------------------------------------------

KINDS: tuple[WebhookKind, ...] = (
    WebhookKind(
        "duplicate",
        "sent once more after the receiver accepted it, or as many times more as the number says",
        {
            "title": "Duplicate",
            "description": (
                "Sent once more after the receiver accepted it (true), or this many times more; the same delivery."
            ),
            "type": ["boolean", "integer"],
            "not": {"const": False},
            "minimum": 1,
            "maximum": _MOST_COPIES,
        },
        _check_copies,
        copies=int,
    ),
    WebhookKind(
        "delay",
        "sent later by this duration",
        {"description": "Sent later by this duration, on the sandbox's clock.", "$ref": "#/$defs/delay"},
        lambda argument: delay_of("delay", argument),
        fix=_delayed,
        asks=lambda argument: settings_of(delay_from_data(argument)),
    ),
    WebhookKind(
        "reorder",
        "sent after the receiver's next delivery",
        {
            "title": "Reorder",
            "description": (
                "Held back until the receiver's next delivery is sent, for a minute of the sandbox's clock at most."
            ),
            "const": True,
        },
        _only_true("reorder"),
        overtaken=True,
    ),
    WebhookKind(
        "drop",
        "never sent",
        {"title": "Drop", "description": "Never sent.", "const": True},
        _only_true("drop"),
        never_sent=True,
    ),
    WebhookKind(
        "before_response",
        "sent before the answer to the request that caused it",
        {
            "title": "Before the response",
            "description": "The request that caused it is answered only after the delivery is sent.",
            "const": True,
        },
        _only_true("before_response"),
        before_answer=True,
    ),
    WebhookKind(
        "bad_signature",
        "signed with the signature of another body",
        {
            "title": "Bad signature",
            "description": "Signed with the signature of another body; without effect where nothing is signed.",
            "const": True,
        },
        _only_true("bad_signature"),
        alter=_signed_wrongly,
    ),
    WebhookKind(
        "stale_timestamp",
        "signed as if it were this old",
        {
            "title": "Stale timestamp",
            "description": "Signed as if it were this old (true: an hour); without effect where nothing is signed.",
            "if": {"type": "boolean"},
            "then": {"const": True},
            "else": {"$ref": "#/$defs/duration"},
        },
        _check_age,
        fix=_aged,
        alter=_signed_earlier,
    ),
)


# -- what the rest of the server asks of it ------------------------------------------------------------


def names() -> tuple[str, ...]:
    """Return the name of every kind."""
    return tuple(kind.name for kind in KINDS)


def written(webhook: Mapping[str, Any]) -> Iterator[tuple[WebhookKind, Any]]:
    """Yield each kind that this JSON data names, with its argument, in the order of the table."""
    return ((kind, webhook[kind.name]) for kind in KINDS if kind.name in webhook)


def fix_arguments(webhook: dict[str, Any], circumstances: Circumstances) -> timedelta:
    """Put the arguments that the delivery keeps in place; return how much later its first attempt is made."""
    later = timedelta()
    for kind, argument in written(webhook):
        fixed = kind.fix(argument, circumstances)
        webhook[kind.name] = fixed.argument
        later += fixed.later
    return later


def altered(webhook: Mapping[str, Any], posting: Posting) -> Posting:
    """Return what the kinds make of an attempt."""
    for kind, argument in written(webhook):
        if kind.alter is not None:
            posting = kind.alter(argument, posting)
    return posting


def copies(webhook: Mapping[str, Any]) -> int:
    """Return how many more times a delivery is sent after it was delivered."""
    return sum(kind.copies(argument) for kind, argument in written(webhook) if kind.copies is not None)


def never_sent(webhook: Mapping[str, Any]) -> list[str]:
    """Return the names of the kinds that keep a delivery from being sent at all."""
    return [kind.name for kind, _ in written(webhook) if kind.never_sent]


def overtaken(webhook: Mapping[str, Any]) -> list[str]:
    """Return the names of the kinds that let the receiver's next delivery be sent first."""
    return [kind.name for kind, _ in written(webhook) if kind.overtaken]


def before_answer(webhook: Mapping[str, Any]) -> bool:
    """Return whether the request that caused the delivery is answered after the first attempt."""
    return any(kind.before_answer for kind, _ in written(webhook))


def webhook_schema() -> dict[str, Any]:
    """Return the JSON Schema of `webhook` in a scenario file, made from the table."""
    return {
        "title": "Webhook",
        "description": f"What happens to deliveries, one or more of: {_listed(KINDS)}.",
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {kind.name: dict(kind.schema) for kind in KINDS},
    }


def control_schema() -> dict[str, Any]:
    """Return the JSON Schema of `webhook` in the control API's document, made from the table."""
    return {"type": "object", "description": f"What happens to deliveries: {', '.join(names())}."}


def _listed(kinds: Iterable[WebhookKind]) -> str:
    return ", ".join(f"{kind.name} ({kind.about})" for kind in kinds)

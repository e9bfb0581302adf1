"""What follows from a step, as data; `sandbox` carries it out in the step's own transaction."""

from datetime import datetime
from typing import NamedTuple

#: name -> (whether it takes an argument, what it does); the closed list a scenario may use.
EFFECTS: dict[str, tuple[bool, str]] = {
    "message": (True, "a message reaches the order (argument: its kind, `sms`); the provider writes its text and code"),
    "refund": (False, "the whole amount goes back to the wallet, once"),
    "cashback": (False, "the order's discount goes back to the wallet, once"),
    "spend": (False, "the amount counts as spent by the account, once"),
    "restock": (False, "what was taken from the stock goes back to it, once"),
    "webhook": (True, "the provider's webhook for this event (argument: the event's name) is put in the outbox"),
}

#: Effects that happen at most once in an order's life.
ONCE = frozenset({"refund", "cashback", "spend", "restock"})


class Effect(NamedTuple):
    """One of `EFFECTS` with its argument."""

    name: str
    argument: str = ""


#: Visits count from 1: a timer of this one rings in whatever visit the order is.
ANY_VISIT = 0


class Timer(NamedTuple):
    """The order's machine will be sent `event` at `due`, if the order is still in visit number `visit`."""

    event: str
    due: datetime
    visit: int
    place: int
    """Position of its transition in the state, which breaks ties at one moment."""

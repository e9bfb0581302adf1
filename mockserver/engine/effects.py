"""Effects and timers of a step, as data; `sandbox` carries them out in the step's own transaction."""

from datetime import datetime
from typing import NamedTuple

#: name -> (whether it takes an argument, its description); the closed list that a scenario may use.
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


#: The visit of a timer that rings in every visit; real visits count from 1.
ANY_VISIT = 0


class Timer(NamedTuple):
    """A timer that sends `event` to an order at `due`, if the order is still in visit number `visit`."""

    event: str
    due: datetime
    visit: int
    place: int
    """Position of its transition in the state; of timers due at one moment, the lower position rings first."""

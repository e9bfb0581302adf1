"""Notices, deliveries, attempts and outcomes, as values."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

#: delivered: the receiver answered 2xx. answered: it answered another status, redirects included. refused_target: no
#: attempt was made, since webhooks may not go to this address. timeout, unreachable, garbage: no HTTP answer came.
Verdict = Literal["delivered", "answered", "refused_target", "timeout", "unreachable", "garbage"]

#: pending: an attempt is due or under way. failed: no attempt will follow. dropped: never sent, because of a fault or
#: a full outbox.
State = Literal["pending", "delivered", "failed", "dropped"]


class Notice(NamedTuple):
    """A message that a provider sends: its exact body, its URL, and headers of its own.

    `receiver` names one of several receivers that an account may have; the signer finds the receiver's secret by it.
    """

    event: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    receiver: str = ""


class Outcome(NamedTuple):
    """The result of one attempt. `body` is the beginning of the answer; `detail` says why there is no answer."""

    verdict: Verdict
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    detail: str = ""
    milliseconds: int = 0


class Attempt(NamedTuple):
    """One attempt, at a moment of the sandbox's clock. `signed` are headers of this attempt alone, its signature."""

    at: datetime
    outcome: Outcome
    signed: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to a receiver; its id stays the same over all attempts."""

    id: str
    provider: str
    account: str
    order: str | None
    event: str
    url: str
    body: str
    headers: Mapping[str, str]
    created_at: datetime
    cause: str
    state: State = "pending"
    attempts: tuple[Attempt, ...] = ()
    receiver: str = ""
    hostile: Mapping[str, Any] = field(default_factory=dict)
    """What faults do to it: their kinds with arguments (`duplicate`, `bad_signature` ...), their names (`faults`), and
    the rows for explanations (`told`); `outbox_full` says why it was dropped."""


#: Makes one attempt; never raises.
Sender = Callable[[Delivery], Awaitable[Outcome]]

"""Notices, deliveries, attempts and outcomes, as values."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

#: delivered: a 2xx. answered: another status, a redirect included. refused_target: not tried, the address
#: is not one that we send to. timeout, unreachable, garbage: no HTTP answer came.
Verdict = Literal["delivered", "answered", "refused_target", "timeout", "unreachable", "garbage"]

#: pending: an attempt is due or under way. failed: no attempt will follow. dropped: never sent, a fault or
#: a full outbox kept it.
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
    """The result of one attempt. `body` is the beginning of the answer; `detail` is a sentence when there is none."""

    verdict: Verdict
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    detail: str = ""
    milliseconds: int = 0


class Attempt(NamedTuple):
    """One attempt, at a moment of the sandbox's clock. `signed` are the headers that only this attempt has."""

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
    """What faults make of it (`duplicate`, `bad_signature` ...), the names of these `faults`, what is `told` of all
    that were asked, and why an `outbox_full` took it no more."""


#: Makes one attempt; never raises.
Sender = Callable[[Delivery], Awaitable[Outcome]]

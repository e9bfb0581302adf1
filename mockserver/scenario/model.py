"""The contents of a scenario file, as values."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.engine.machine import Machine
from mockserver.engine.rules import Rule
from mockserver.faults.model import Fault


class AccountSeed(NamedTuple):
    """An account that exists in every sandbox where the scenario is in force.

    `credentials` are the provider's own fields (`key`; `key` and `secret`; `identifier` and `password`).
    `balance` and `total_spent` are decimal texts in the provider's currency.
    """

    id: str
    credentials: Mapping[str, str]
    balance: str
    total_spent: str
    status: str
    about: str
    details: Mapping[str, Any]
    webhook_url: str | None = None


class Magic(NamedTuple):
    """A magic value, which decides an outcome: where a client puts it, its effect, and its provenance."""

    where: str
    value: str
    effect: str
    provenance: str


class Scenario(NamedTuple):
    """A scenario: `machines` by kind of order, `rules` and `faults` in the file's order.

    `source` is the file's name. `origin` identifies the contents: the name and a digest of the text, as in the keys of
    its machines. `about` says what happens, `teaches` what a client's developer learns from it.
    """

    name: str
    provider: str
    about: str
    teaches: str
    source: str
    text: str
    machines: Mapping[str, Machine]
    rules: tuple[Rule, ...]
    accounts: tuple[AccountSeed, ...]
    magic: tuple[Magic, ...]
    settings: Mapping[str, Any]
    origin: str = ""
    faults: tuple[Fault, ...] = ()

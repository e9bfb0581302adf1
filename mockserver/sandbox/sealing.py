"""Scenarios without their credentials: digests stand in their place, which open accounts as they did."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from mockserver.sandbox.credentials import SEALED, mark_of
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.scenario.model import AccountSeed, Scenario

_COMMENT = re.compile("#.*")
_SHORTEST = 4


def sealed(scenario: Scenario, rules: ProviderRules) -> Scenario:
    """The scenario with digests in place of credentials, in its text too; sealed ones come back as they are."""
    marks = [_mark(seed, rules) for seed in scenario.accounts]
    open_ones = [
        (seed, mark)
        for seed, mark in zip(scenario.accounts, marks, strict=True)
        if mark not in seed.credentials.values()
    ]
    if not open_ones:
        return scenario
    accounts = tuple(
        seed._replace(credentials=dict.fromkeys(seed.credentials, mark))
        for seed, mark in zip(scenario.accounts, marks, strict=True)
    )
    return scenario._replace(accounts=accounts, text=_sealed_text(scenario, marks))


def _mark(seed: AccountSeed, rules: ProviderRules) -> str:
    values = set(seed.credentials.values())
    if len(values) == 1 and (only := next(iter(values))).startswith(SEALED):
        return only
    return SEALED + mark_of(rules, [seed.credentials.get(name, "") for name in rules.credential])


def _sealed_text(scenario: Scenario, marks: list[str]) -> str:
    text, pieces, done = scenario.text, [], 0
    for place in _places(scenario.text):
        pieces += [text[done : place.start], f'"{marks[place.number]}"', place.end_of_line]
        done = place.end
    text = "".join((*pieces, text[done:]))
    values = {value for seed in scenario.accounts for value in seed.credentials.values()}
    # No comment holds a line break.
    secrets = [value for value in values if len(value) >= _SHORTEST and "\n" not in value]
    return _without(text, sorted(secrets, key=len, reverse=True))


def _without(text: str, secrets: list[str]) -> str:
    """The text with no secret in its comments."""
    comments = "\n".join(_COMMENT.findall(text))
    for secret in secrets:
        comments = comments.replace(secret, "...")
    told = iter(comments.split("\n"))
    return _COMMENT.sub(lambda _: next(told), text)


class _Place(NamedTuple):
    """From where to where in the text a value of `accounts[number].credentials` stands, and what else ends with it."""

    start: int
    end: int
    number: int
    end_of_line: str


@lru_cache(maxsize=64)
def _places(text: str) -> tuple[_Place, ...]:
    """In the order of the text; kept, because it takes long and every snapshot asks for the same texts."""
    import yaml

    # The loader in Python: its places are those of characters of the text in whatever version of libyaml.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return tuple(
        _Place(
            node.start_mark.index,
            node.end_mark.index,
            number,
            "\n" if node.style in ("|", ">") else "",
        )
        for number, account in enumerate(_member(root, "accounts").value)
        for _, node in _member(account, "credentials").value
    )


def _member(node: Any, name: str) -> Any:
    return next(value for key, value in node.value if key.value == name)

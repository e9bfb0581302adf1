"""Replaces the credentials in scenarios with digests, which open the same accounts."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from mockserver.sandbox.credentials import SEALED, mark_of
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.scenario.model import AccountSeed, Scenario

_COMMENT = re.compile("#.*")
_SHORTEST = 4


def sealed(scenario: Scenario, rules: ProviderRules) -> Scenario:
    """Return the scenario with digests in place of credentials, also in its text; unchanged when it is sealed."""
    marks = [seed_mark(seed, rules) for seed in scenario.accounts]
    unsealed = [
        (seed, mark)
        for seed, mark in zip(scenario.accounts, marks, strict=True)
        if mark not in seed.credentials.values()
    ]
    if not unsealed:
        return scenario
    accounts = tuple(
        seed._replace(credentials=dict.fromkeys(seed.credentials, mark))
        for seed, mark in zip(scenario.accounts, marks, strict=True)
    )
    return scenario._replace(accounts=accounts, text=_sealed_text(scenario, marks))


def seed_mark(seed: AccountSeed, rules: ProviderRules) -> str:
    """Return the digest of the seed's credential, also where the seed is sealed."""
    values = set(seed.credentials.values())
    if len(values) == 1 and (only := next(iter(values))).startswith(SEALED):
        return only
    return SEALED + mark_of(rules, [seed.credentials.get(name, "") for name in rules.credential])


def _sealed_text(scenario: Scenario, marks: list[str]) -> str:
    text, pieces, end = scenario.text, [], 0
    for place in _places(scenario.text):
        pieces += [text[end : place.start], f'"{marks[place.number]}"', place.end_of_line]
        end = place.end
    text = "".join((*pieces, text[end:]))
    values = {value for seed in scenario.accounts for value in seed.credentials.values()}
    # No comment holds a line break.
    secrets = [value for value in values if len(value) >= _SHORTEST and "\n" not in value]
    return _without(text, sorted(secrets, key=len, reverse=True))


def _without(text: str, secrets: list[str]) -> str:
    """Return the text without these secrets in its comments."""
    comments = "\n".join(_COMMENT.findall(text))
    for secret in secrets:
        comments = comments.replace(secret, "...")
    lines = iter(comments.split("\n"))
    return _COMMENT.sub(lambda _: next(lines), text)


class _Place(NamedTuple):
    """The place in the text of a value of `accounts[number].credentials`, and a line break that ends with it."""

    start: int
    end: int
    number: int
    end_of_line: str


@lru_cache(maxsize=64)
def _places(text: str) -> tuple[_Place, ...]:
    """Return the places in the order of the text; cached, because it is slow and every snapshot has the same texts."""
    import yaml

    # The loader in Python: its places count characters of the text, whatever the version of libyaml.
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

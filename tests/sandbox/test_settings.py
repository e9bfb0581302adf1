"""The settings table, whose values are checked when set."""

from typing import Any

import pytest

from mockserver.domain.errors import Invalid
from mockserver.sandbox.settings import COMMON, Setting, SettingsTable

ROWS = (
    *COMMON,
    Setting("acme.wait", "60s", "duration", "how long"),
    Setting("acme.most", 3, "whole", "how many"),
    Setting("acme.word", "hello", "text", "what to say"),
    Setting("acme.level", 1, "choice", "which", (1, 2)),
)


def table() -> SettingsTable:
    return SettingsTable(ROWS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate_limits", "off"),
        ("accept_any_key", True),
        ("acme.wait", "2m"),
        ("acme.wait", 90),
        ("acme.wait", 0.5),
        ("acme.most", 0),
        ("acme.word", ""),
        ("acme.level", 2),
    ],
)
def test_a_value_of_the_right_kind_is_taken(name: str, value: Any) -> None:
    settings = table()
    settings.patch({name: value})
    assert settings.values[name] == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate_limits", "sometimes", "must be one of 'documented', 'off': 'sometimes'"),
        ("rate_limits", None, "must be one of"),
        ("rate_limits", ["off"], "must be one of"),
        ("accept_any_key", "yes", "must be true or false: 'yes'"),
        ("accept_any_key", 1, "must be true or false: 1"),
        ("acme.wait", "soon", "not a duration: 'soon'"),
        ("acme.wait", -1, "not a duration: -1"),
        ("acme.wait", None, "not a duration: None"),
        ("acme.most", -1, "must be a whole number from 0: -1"),
        ("acme.most", True, "must be a whole number from 0: True"),
        ("acme.most", 1.5, "must be a whole number from 0: 1.5"),
        ("acme.word", 5, "must be a text: 5"),
        ("acme.level", True, "must be one of 1, 2: True"),
        ("acme.level", 1.0, "must be one of 1, 2: 1.0"),
        ("acme.wait", " 5s ", "not a duration: ' 5s '"),
        ("acme.colour", "red", "unknown setting: 'acme.colour'"),
    ],
)
def test_any_other_value_is_refused_and_named(name: str, value: Any, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        table().patch({name: value})
    assert refused.value.errors[name][0].startswith(message)


def test_all_are_set_or_none_and_every_mistake_is_named() -> None:
    settings = table()
    before = dict(settings.values)
    with pytest.raises(Invalid) as refused:
        settings.patch({"acme.wait": "2m", "acme.most": "many", "acme.colour": "red"})
    assert set(refused.value.errors) == {"acme.most", "acme.colour"}
    assert settings.values == before


def test_what_a_test_patches_lies_over_what_scenarios_set_and_that_over_the_defaults() -> None:
    settings = table()
    settings.use_scenario_values({"acme.wait": "5s", "acme.most": 9})
    settings.patch({"acme.wait": "7s"})
    assert (settings.values["acme.wait"], settings.values["acme.most"]) == ("7s", 9)
    settings.use_scenario_values({"acme.wait": "1s"})
    assert (settings.values["acme.wait"], settings.values["acme.most"]) == ("7s", 3)


def test_bad_values_of_scenarios_change_nothing() -> None:
    settings = table()
    settings.use_scenario_values({"acme.most": 9})
    with pytest.raises(Invalid):
        settings.use_scenario_values({"acme.most": "many"})
    assert settings.values["acme.most"] == 9


def test_every_setting_describes_itself() -> None:
    settings = table()
    settings.patch({"acme.most": 5})
    described = settings.described()
    assert set(described) == {row.name for row in ROWS}
    assert described["acme.most"] == {"value": 5, "default": 3, "help": "how many"}
    assert described["rate_limits"]["choices"] == ["documented", "off"]

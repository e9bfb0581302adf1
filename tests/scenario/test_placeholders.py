"""Settings named in the text of a magic value."""

from typing import Any

import pytest

from mockserver.scenario.placeholders import named_settings, odd_placeholders, with_settings
from tests.outside import acme_running


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("60s", "60 seconds"),
        ("1m", "1 minute"),
        ("20m", "20 minutes"),
        ("250ms", "250 milliseconds"),
        ("1.5h", "1.5h"),
        ("1m30s", "1 minute 30 seconds"),
        ("2d1h", "2 days 1 hour"),
        (90, "90 seconds"),
        (0.5, "0.5 seconds"),
        ("refund", "refund"),
        (True, "True"),
    ],
)
def test_a_setting_is_written_as_people_say_it(value: Any, words: str) -> None:
    assert with_settings("after {shop.cancel_after}.", {"shop.cancel_after": value}) == f"after {words}."


def test_braces_that_name_no_setting_stay() -> None:
    text = 'answers {"a": 1}, {id} and {shop.unknown}'
    assert with_settings(text, {"shop.known": "1s"}) == text
    assert named_settings(text) == ["shop.unknown"]
    assert odd_placeholders(text + " {shop.open") == ["{id}", "{shop.open"]


@pytest.mark.anyio
async def test_the_magic_values_follow_a_changed_setting() -> None:
    async with acme_running() as world:

        async def told() -> str:
            rows = (await world.steer("GET", "/magic"))["magic"]
            effects = {(row["provider"], row["value"]): str(row["effect"]) for row in rows}
            return effects["acme", "silent"]

        assert await told() == "no SMS ever: cancel after 60 seconds"
        await world.steer("PATCH", "/settings", {"acme.cancel_after": "2m"})
        assert await told() == "no SMS ever: cancel after 2 minutes"

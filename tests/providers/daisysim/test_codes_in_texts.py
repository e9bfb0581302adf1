"""The code of a pushed SMS without `code` is found in its text, as a provider would find it."""

from typing import Any

import pytest

from tests.support import World, running

pytestmark = pytest.mark.anyio


async def push(world: World, activation: str, **given: Any) -> Any:
    """The answer of the control API to an SMS."""
    return await world.control("POST", f"/orders/daisysim/{activation}/events", {"event": "sms", **given})


async def test_the_code_of_a_text_is_found_in_it() -> None:
    async with running() as world:
        bought = await world.buy()
        answer = await push(world, bought["activation_id"], text="<#> G-004-711 is your code")
        assert answer.status_code == 200, answer.text
        shown = (await world.daisy("GET", f"/check/{bought['activation_id']}")).json()["data"]
        assert (shown["status"], shown["code"]) == ("Completed", "004711")
        assert (await world.order(bought["activation_id"]))["facts"]["text"] == "<#> G-004-711 is your code"


async def test_a_code_beside_the_text_counts_as_it_is() -> None:
    async with running() as world:
        bought = await world.buy()
        assert (await push(world, bought["activation_id"], text="Code 111111", code="22-22")).status_code == 200
        assert (await world.order(bought["activation_id"]))["facts"]["code"] == "22-22"


async def test_a_text_without_a_code_is_refused_and_completes_nothing() -> None:
    async with running() as world:
        bought = await world.buy()
        answer = await push(world, bought["activation_id"], text="Welcome!")
        assert answer.status_code == 422
        assert "holds no code" in answer.text
        assert (await world.order(bought["activation_id"]))["state"] == "waiting"

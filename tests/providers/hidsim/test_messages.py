"""Messages: codes as the services write them, languages, senders, further messages."""

import re
import unicodedata
from typing import Any

import pytest

from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.languages import texts
from mockserver.providers.hidsim.services import services
from mockserver.resources import bundled
from tests.providers.hidsim.hid import SCHEMAS, Hid, hidsim, refusal

pytestmark = pytest.mark.anyio


async def received(hid: Hid, code: str, iso2: str = "GB") -> dict[str, Any]:
    """A completed operation of a service in a country."""
    known = catalogue()
    product = next(one for one in known.by_service[code] if one.country == iso2 and one.stock)
    operation = await hid.buy(product.id)
    await hid.world.advance("17s")
    return await hid.poll(operation)


@pytest.mark.parametrize(
    ("service", "written", "code", "sender"),
    [
        ("go", r"G-\d{6}", r"\d{6}", "Google"),
        ("wa", r"\d{3}-\d{3}", r"\d{6}", "WhatsApp"),
        ("tg", r"\b\d{5}\b", r"\d{5}", "Telegram"),
        ("ig", r"\d{3} \d{3}", r"\d{6}", "Instagram"),
        ("fb", r"FB-\d{5}", r"\d{5}", "Facebook"),
    ],
)
async def test_a_code_is_written_as_the_service_does_and_given_without_separators(
    service: str, written: str, code: str, sender: str
) -> None:
    async with hidsim() as hid:
        done = await received(hid, service)
        assert done["messages"][0]["sender"] == sender
        found = re.search(written, done["message"])
        assert found, done["message"]
        assert re.fullmatch(code, done["code"])
        assert re.sub(r"^[A-Z]+-|[- ]", "", found[0]) == done["code"]


@pytest.mark.parametrize(
    ("iso2", "script"),
    [("RU", "CYRILLIC"), ("JP", "HIRAGANA"), ("CN", "CJK"), ("KR", "HANGUL"), ("SA", "ARABIC"), ("GR", "GREEK")],
)
async def test_texts_are_in_the_language_and_script_of_the_country(iso2: str, script: str) -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/accounts/hidsim/partner", {"balance": "100"})
        done = await received(hid, "wa", iso2)
        assert any(script in unicodedata.name(letter, "") for letter in done["message"]), done["message"]
        assert re.search(r"\d{3}-\d{3}", done["message"])


def test_there_are_many_languages_and_every_text_says_service_and_code() -> None:
    assert len(texts()) >= 25
    for written in texts().values():
        for text in written:
            assert text.format(name="N4ME", code="C0DE").count("C0DE") == 1
            assert "N4ME" in text.format(name="N4ME", code="C0DE")


def test_senders_fit_into_an_sms_header() -> None:
    assert all(0 < len(service.sender) <= 16 for service in services())
    assert len({service.shape for service in services()}) >= 6


async def test_the_same_seed_sends_the_same_and_another_does_not() -> None:
    codes = []
    for seed in (1, 1, 2):
        async with hidsim(seed=seed) as hid:
            codes.append((await received(hid, "wa"))["code"])
    assert codes[0] == codes[1] != codes[2]


async def test_a_refetch_brings_one_more_sms_after_five_seconds() -> None:
    async with hidsim() as hid:
        first = await received(hid, "wa")
        answer = await hid.act(first, "refetch")
        assert (answer.status_code, answer.json()["messages"]) == (200, first["messages"])
        await hid.world.advance("4.999s")
        assert len((await hid.poll(first))["messages"]) == 1
        await hid.world.advance("1ms")
        second = await hid.poll(first)
        assert SCHEMAS.checker("hidsim/operation").check(second) == {}
        assert second["messages"][0] == first["messages"][0]
        assert second["messages"][1]["receivedAt"] == "2026-01-31T12:00:22.000Z"
        assert (second["code"], second["message"]) == (second["messages"][1]["code"], second["messages"][1]["text"])
        assert second["code"] != first["code"]
        assert second["completedAt"] == first["completedAt"]
        await hid.world.advance("1h")
        assert len((await hid.poll(first))["messages"]) == 2


async def test_each_refetch_brings_its_own_sms() -> None:
    async with hidsim() as hid:
        operation = await received(hid, "wa")
        await hid.act(operation, "refetch")
        await hid.world.advance("2s")
        await hid.act(operation, "refetch")
        await hid.act(operation, "refetch")
        await hid.world.advance("3s")
        assert len((await hid.poll(operation))["messages"]) == 2
        await hid.world.advance("2s")
        found = (await hid.poll(operation))["messages"]
        assert [row["receivedAt"][17:19] for row in found] == ["17", "22", "24", "24"]
        assert len({row["_id"] for row in found}) == 4


async def test_a_further_sms_opens_the_window_for_another_five_minutes() -> None:
    async with hidsim() as hid:
        operation = await received(hid, "wa")
        for _ in range(2):
            await hid.world.advance("299.999s")
            assert (await hid.act(operation, "refetch")).status_code == 200
            await hid.world.advance("5s")
        assert len((await hid.poll(operation))["messages"]) == 3
        await hid.world.advance("300s")
        refusal(await hid.act(operation, "refetch"), 400)


async def test_no_further_sms_comes_after_the_operation_has_expired() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("19m")
        assert (await hid.push(operation, "sms")).status_code == 200
        operation = await hid.buy("tier0020")
        await hid.world.steer("PATCH", "/settings", {"hidsim.expire_after": "22s"})
        short, shorter = await hid.buy("tier0020"), await hid.buy("tier0020")
        await hid.world.advance("17s")
        await hid.act(short, "refetch")
        await hid.world.advance("1ms")
        assert (await hid.act(shorter, "refetch")).status_code == 200
        await hid.world.advance("1h")
        assert len((await hid.poll(short))["messages"]) == 2, "at the moment of expiry it still comes"
        assert len((await hid.poll(shorter))["messages"]) == 1


async def test_time_in_small_steps_brings_the_same_as_in_one() -> None:
    seen = []
    for steps in (["1h"], ["1s"] * 40 + ["1h"]):
        async with hidsim() as hid:
            operation = await hid.buy("twosms01")
            for step in steps:
                await hid.world.advance(step)
            seen.append(await hid.poll(operation))
    assert seen[0] == seen[1]
    assert len(seen[0]["messages"]) == 2


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"code": "123456"}, "123456", "123456"),
        ({"code": "12-34 56"}, "123456", "12-34 56"),
        ({"code": "007"}, "007", "007"),
        ({"code": "G-42"}, "G42", "G-42"),
        ({"text": "Hello there 9"}, None, "Hello there 9"),
        ({"code": "88", "text": "Ваш код 88"}, "88", "Ваш код 88"),
        ({"code": "1", "sender": "+4477"}, "1", "1"),
        ({"text": "Your code is 123-456"}, "123456", "Your code is 123-456"),
        ({"text": "G-004711 is your Google code"}, "004711", "G-004711"),
        ({"text": "Code 123456", "code": None}, None, "Code 123456"),
        ({"code": None}, None, "Welcome to "),
    ],
)
async def test_a_test_can_say_what_arrives(given: dict[str, str | None], code: str | None, text: str) -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("2s")
        assert (await hid.push(operation, "sms", **given)).status_code == 200
        done = await hid.poll(operation)
        assert SCHEMAS.checker("hidsim/operation").check(done) == {}
        assert (done["state"], done["code"]) == ("completed", code)
        assert text in done["message"]
        assert done["messages"][0]["sender"] == given.get("sender", "HidSim Test")


@pytest.mark.parametrize(
    "given", [{"code": ""}, {"code": "--"}, {"code": "x" * 33}, {"code": "1\n2"}, {"text": ""}, {"sender": ""}]
)
async def test_what_cannot_arrive_is_refused(given: dict[str, str]) -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("2s")
        answer = await hid.push(operation, "sms", **given)
        assert answer.status_code == 422, answer.text
        assert (await hid.poll(operation))["state"] == "pending"


async def test_a_completed_operation_takes_a_pushed_sms_within_five_minutes() -> None:
    async with hidsim() as hid:
        operation = await received(hid, "wa")
        await hid.world.advance("299.999s")
        assert (await hid.push(operation, "sms", code="111")).status_code == 200
        await hid.world.advance("300s")
        assert (await hid.push(operation, "sms", code="222")).status_code == 409
        assert [row["code"] for row in (await hid.poll(operation))["messages"]][1:] == ["111"]


async def test_a_scenario_can_let_a_refetch_complete_an_operation() -> None:
    async with hidsim() as hid:
        text = (bundled("scenarios") / "hidsim" / "quick.yaml").read_text(encoding="utf-8")
        text = text.replace("scenario: quick", "scenario: eager")
        text = text.replace(
            "- {on: refetch, to: pending, stay: true}", "- {on: refetch, to: completed, effects: [{message: sms}]}"
        )
        await hid.world.steer("POST", "/scenarios", content=text, headers={"Content-Type": "application/yaml"})
        await hid.world.steer("PUT", "/scenarios/active", ["eager"])
        operation = await hid.buy("nosms001")
        await hid.world.advance("2s")
        answer = (await hid.act(operation, "refetch")).json()
        assert (answer["state"], len(answer["messages"])) == ("completed", 1)


async def test_numbers_of_a_country_do_not_repeat_while_there_are_others() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/accounts/hidsim/partner", {"balance": "1000"})
        numbers = [(await received(hid, "wa", "DE"))["number"] for _ in range(30)]
        assert len(set(numbers)) == 30
        assert all(number.startswith("+49") for number in numbers)

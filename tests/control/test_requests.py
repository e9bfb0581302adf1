"""The journal: requests, answers, the rules that decided, and near misses."""

from typing import Any

import pytest

from tests.control.problems import fields_of
from tests.support import World

pytestmark = pytest.mark.anyio


async def count(world: World, **wanted: Any) -> int:
    number: int = (await world.steer("POST", "/requests/count", wanted))["count"]
    return number


async def find(world: World, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.steer("POST", "/requests/find", wanted))["requests"]
    return found


async def test_an_entry_tells_request_answer_account_order_and_clock(world: World) -> None:
    await world.advance("5s")
    bought = await world.buy(service_name="Mine")
    entry = (await world.steer("GET", "/requests"))["requests"][0]
    assert (entry["provider"], entry["operation"], entry["method"]) == ("daisysim", "purchase", "POST")
    assert (entry["path"], entry["query"], entry["status"]) == ("/purchase", "", 201)
    assert (entry["account"], entry["order"]) == ("demo", bought["activation_id"])
    assert (entry["at"], entry["mistake"]) == ("2026-01-31T12:00:05Z", None)
    assert entry["request"]["json"]["service_name"] == "Mine"
    assert entry["response"]["json"]["data"]["activation_id"] == bought["activation_id"]
    assert entry["milliseconds"] >= 0
    alone = await world.steer("GET", f"/requests/{entry['id']}")
    assert alone.pop("explanation")
    assert alone == entry


async def test_the_id_on_an_answer_leads_to_its_entry(world: World) -> None:
    for answer in (
        await world.daisy("GET", "/balance"),
        await world.daisy("GET", "/balance", key=None),
        await world.daisy("GET", "/nowhere"),
        await world.daisy("DELETE", "/balance"),
        await world.daisy("POST", "/prices", {"country": "x"}),
    ):
        entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
        assert entry["status"] == answer.status_code
        assert entry["response"]["body"] == answer.text


async def test_a_refusal_names_its_mistake(world: World) -> None:
    await world.daisy("GET", "/check/1")
    assert [one["mistake"] for one in await find(world)] == ["NotFound"]


async def test_the_newest_are_listed_first_and_found_ones_oldest_first(world: World) -> None:
    for path in ("/balance", "/countries", "/history"):
        await world.daisy("GET", path)
    listed = (await world.steer("GET", "/requests?limit=2"))["requests"]
    assert [one["path"] for one in listed] == ["/history", "/countries"]
    assert [one["path"] for one in await find(world)] == ["/balance", "/countries", "/history"]


async def test_control_calls_are_not_in_the_journal(world: World) -> None:
    await world.control("GET", "/clock")
    assert await count(world) == 0


async def test_requests_are_counted_by_plain_values_lists_and_matchers(world: World) -> None:
    for country, service in ((6, "wa"), (6, "tg"), (187, "wa")):
        await world.daisy("POST", "/prices", {"country": country, "service": service})
    await world.daisy("GET", "/balance", key="daisy-poor")
    await world.daisy("GET", "/check/123?x=1")
    await world.daisy("GET", "/balance", key=None)
    assert await count(world) == 6
    assert await count(world, path="/prices") == 3
    assert await count(world, provider="daisysim", method="POST") == 3
    assert await count(world, body={"service": {"eq": "wa"}}) == 2
    assert await count(world, body={"service": "wa", "country": 6}) == 1
    assert await count(world, body={"country": {"gt": 100}}) == 1
    assert await count(world, body={"service": ["wa", "tg"]}) == 3
    assert await count(world, body={"price": {"exists": False}}, path="/prices") == 3
    assert await count(world, account="poor") == 1
    assert await count(world, account={"exists": False}) == 1
    assert await count(world, account=["poor", "demo"]) == 5
    assert await count(world, path={"prefix": "/check/"}) == 1
    assert await count(world, status={"gte": 400}) == 2
    assert await count(world, status=[401, 404]) == 2
    assert await count(world, mistake="MissingCredential") == 1
    assert await count(world, operation={"in": ["check", "prices"]}) == 4
    assert [one["path"] for one in await find(world, status=404)] == ["/check/123"]


async def test_bodies_are_reached_into_by_dotted_names_and_positions(world: World) -> None:
    await world.daisy("POST", "/prices", {"deep": {"list": [{"a": 1}, {"a": 2}]}, "dotted.name": 3})
    await world.call("POST", "/daisysim.com/api/v1/virtual/prices", content=b"not json")
    assert await count(world, body={"deep.list.1.a": 2}) == 1
    assert await count(world, body={"deep.list.2.a": 2}) == 0
    assert await count(world, body={"deep.list.x": {"exists": True}}) == 0
    assert await count(world, body={"deep.list": {"eq": [{"a": 1}, {"a": 2}]}}) == 1
    assert await count(world, body={"anything": {"exists": False}}) == 2
    assert await count(world, body={}) == 2


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"body": "text"}, "body"),
        ({"status": {"equals": 200}}, "status"),
        ({"status": {}}, "status"),
        ({"body": {"service": {"in": "wa"}}}, "body.service"),
    ],
)
@pytest.mark.parametrize("path", ["/requests/count", "/requests/find"])
async def test_criteria_that_cannot_be_are_422(world: World, path: str, wanted: dict[str, Any], field: str) -> None:
    assert fields_of(await world.control("POST", path, wanted)) == [field]


async def test_emptying_the_journal_forgets_the_entries_and_goes_on_counting(world: World) -> None:
    await world.daisy("GET", "/balance")
    answer = await world.control("DELETE", "/requests")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await count(world) == 0
    assert (await world.daisy("GET", "/balance")).headers["x-mock-request-id"] == "req_00000002"


async def test_an_unknown_path_tells_the_endpoints_that_look_like_it(world: World) -> None:
    await world.daisy("POST", "/purchases")
    (entry,) = await find(world)
    assert entry["operation"] is None
    assert entry["near_misses"][0] == {"endpoint": "POST /purchase", "differences": []}


async def test_a_wrong_method_tells_the_right_one(world: World) -> None:
    await world.daisy("DELETE", "/balance")
    (entry,) = await find(world)
    assert entry["near_misses"] == [{"endpoint": "GET /balance", "differences": []}]


async def test_a_request_that_no_rule_decided_tells_which_nearly_did(world: World) -> None:
    await world.buy(999, "wa")
    (entry,) = await find(world, operation="purchase")
    assert entry["rule"] is None
    miss = entry["near_misses"][0]
    assert miss["rule"].startswith("testland-")
    (difference,) = miss["differences"]
    assert (difference["name"], difference["found"]) == ("request.service", "wa")
    assert difference["wanted"].startswith("eq '")


async def test_a_request_that_a_rule_decided_names_it_and_has_no_near_misses(world: World) -> None:
    await world.buy(999, "ns")
    (entry,) = await find(world, operation="purchase")
    assert entry["rule"] == "testland-silent"
    assert "near_misses" not in entry


async def test_a_body_that_nests_deep_does_not_spoil_the_journal(world: World) -> None:
    deep = b"[" * 600 + b"]" * 600
    body = b'{"country": 6, "service": "wa", "\\u0073ecret": 1, "x": ' + deep + b"}"
    assert (await world.daisy("POST", "/prices", content=body)).status_code == 200
    await world.daisy("POST", "/prices", content=body.replace(b'"\\u0073ecret": 1, ', b""))
    await world.control("POST", "/inbox/in", content=deep)
    listed = (await world.steer("GET", "/requests"))["requests"]
    assert [(one["status"], one["request"]["json"]) for one in listed] == [(200, None), (200, "[redacted]")]
    assert (await world.steer("GET", f"/requests/{listed[0]['id']}"))["request"]["body"].startswith('{"country": 6')
    assert await find(world, body={"service": "wa"}) == listed[:1]
    assert [one["json"] for one in (await world.steer("GET", "/inbox/in"))["received"]] == [None]

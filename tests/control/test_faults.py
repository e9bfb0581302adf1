"""Faults armed through the control API: what they match, how often they strike, what they answer."""

from functools import partial
from typing import Any

import httpx
import pytest

from mockserver.journal.fault_secrets import kept_fault
from tests.control.problems import fields_of, problem_of
from tests.costs import MOST_STICKS, sticks_of
from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio


async def arm(world: AcmeWorld, **fault: Any) -> dict[str, Any]:
    """Arm a fault; what the control API says of it."""
    made: dict[str, Any] = await world.steer("POST", "/faults", fault)
    return made


async def journal_of(world: AcmeWorld, answer: httpx.Response) -> dict[str, Any]:
    """The journal's entry of an answer."""
    entry: dict[str, Any] = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    return entry


async def statuses(world: AcmeWorld, count: int, path: str = "/balance") -> list[int]:
    """The statuses of that many calls."""
    return [(await world.ask("GET", path)).status_code for _ in range(count)]


# -- arming ----------------------------------------------------------------------------------------------


async def test_an_armed_fault_is_listed_with_its_counts_and_taken_back_by_its_id(world: AcmeWorld) -> None:
    made = await arm(world, name="down", provider="acme", times=2, answer={"status": 503})
    assert (made["id"], made["hits"], made["left"], made["source"]) == ("flt_00000001", 0, 2, "armed")
    assert await statuses(world, 1) == [503]
    (listed,) = (await world.steer("GET", "/faults"))["faults"]
    assert (listed["name"], listed["matched"], listed["hits"], listed["left"]) == ("down", 1, 1, 1)
    assert await world.steer("GET", "/faults/flt_00000001") == listed
    assert (await world.control("DELETE", "/faults/flt_00000001")).status_code == 204
    assert await statuses(world, 1) == [200]
    problem_of(await world.control("DELETE", "/faults/flt_00000001"), 404)
    problem_of(await world.control("GET", "/faults/flt_00000001"), 404)


async def test_all_faults_are_taken_back_at_once_and_by_a_reset(world: AcmeWorld) -> None:
    for path in ("/faults", "/reset"):
        await arm(world, answer={"status": 500})
        await arm(world, wire="reset")
        await world.control("DELETE" if path == "/faults" else "POST", path)
        assert await world.steer("GET", "/faults") == {"faults": []}
        assert await statuses(world, 1) == [200]


async def test_a_fault_of_the_same_name_replaces_the_earlier_one(world: AcmeWorld) -> None:
    await arm(world, name="x", answer={"status": 500})
    await arm(world, name="x", answer={"status": 503})
    assert [one["id"] for one in (await world.steer("GET", "/faults"))["faults"]] == ["flt_00000002"]
    assert await statuses(world, 1) == [503]


async def test_of_those_that_strike_no_more_the_newest_hundred_are_kept(world: AcmeWorld) -> None:
    await arm(world, name="lasting", path="/services", answer={"status": 503})
    for number in range(102):
        await arm(world, name=f"f{number}", path="/balance", until="1s", answer={"status": 503})
    await world.advance("1s")
    await arm(world, name="last", path="/services", answer={"status": 503})
    names = [one["name"] for one in (await world.steer("GET", "/faults"))["faults"]]
    assert (names[:2], names[-2:], len(names)) == (["lasting", "f2"], ["f101", "last"], 102)


async def test_a_fault_belongs_to_its_sandbox(world: AcmeWorld) -> None:
    await arm(world, answer={"status": 503})
    assert await statuses(world.beside("other"), 1) == [200]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({}, "body"),
        ({"times": 1}, "body"),
        ({"wire": "reset", "colour": 1}, "colour"),
        ({"wire": "smash"}, "wire"),
        ({"wire": {"cut": 1}}, "wire"),
        ({"wire": {"drip": "10 baud"}}, "wire"),
        ({"wire": "reset", "provider": "nobody"}, "provider"),
        ({"wire": "reset", "operation": "fly"}, "operation"),
        ({"wire": "reset", "method": "P0ST"}, "method"),
        ({"wire": "reset", "times": 0}, "times"),
        ({"wire": "reset", "chance": 1.5}, "chance"),
        ({"wire": "reset", "until": "soon"}, "until"),
        ({"wire": "reset", "stage": "during"}, "stage"),
        ({"wire": {"cut": 0.5}, "stage": "before"}, "stage"),
        ({"wire": "reset", "body": {"service": {"equals": "chat"}}}, "body.service"),
        ({"wire": "reset", "name": "a name"}, "name"),
        ({"wire": "reset", "event": "x"}, "event"),
        ({"wire": "reset", "clock": "real"}, "clock"),
        ({"delay": "2 seconds"}, "delay"),
        ({"delay": "2h"}, "delay"),
        ({"delay": {"fact": "age"}}, "delay"),
        ({"delay": {"setting": "nosuch"}}, "delay"),
        ({"delay": {"uniform": ["1s", {"setting": "rate_limits"}]}}, "delay"),
        ({"webhook": {"delay": {"setting": "nosuch"}}}, "webhook.delay"),
        ({"delay": "2s", "clock": "wall"}, "clock"),
        ({"answer": {}}, "answer"),
        ({"answer": {"mistake": "Tired"}}, "answer.mistake"),
        ({"answer": {"mistake": "OutOfStock", "retry_after": "3s"}}, "answer.retry_after"),
        ({"answer": {"status": 99}}, "answer.status"),
        ({"answer": {"status": 200, "headers": {"Content-Length": "1"}}}, "answer.headers.Content-Length"),
        ({"answer": {"status": 200, "headers": {"X-A": "a\r\nb"}}}, "answer.headers.X-A"),
        ({"webhook": {}}, "webhook"),
        ({"webhook": {"explode": True}}, "webhook.explode"),
        ({"webhook": {"drop": True}, "path": "/x"}, "path"),
    ],
)
async def test_what_is_no_fault_is_refused_with_its_field(world: AcmeWorld, fault: dict[str, Any], field: str) -> None:
    assert field in fields_of(await world.control("POST", "/faults", fault))
    assert await world.steer("GET", "/faults") == {"faults": []}


# -- matching --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "hit", "spared"),
    [
        ("/balance", ["/balance"], ["/services", "/balance/more"]),
        ("/services/*", ["/services/6"], ["/services", "/services/6/7", "/balance"]),
        ("/services/**", ["/services", "/services/6", "/services/6/7"], ["/balance"]),
        ("/**", ["/balance", "/services/6"], []),
        ("**/6", ["/services/6"], ["/services/7"]),
    ],
)
async def test_a_path_is_the_providers_own_with_stars(
    world: AcmeWorld, path: str, hit: list[str], spared: list[str]
) -> None:
    await arm(world, path=path, answer={"status": 418})
    assert [(await world.ask("GET", one)).status_code for one in hit] == [418] * len(hit)
    assert 418 not in [(await world.ask("GET", one)).status_code for one in spared]


@pytest.mark.parametrize(
    ("path", "asked"),
    [("/**/**/**/**/**/zzz", "/a" * 150), ("/" + "*a" * 12 + "b", "/" + "a" * 40)],
)
@pytest.mark.timed
async def test_no_path_that_is_asked_for_takes_long_against_stars(world: AcmeWorld, path: str, asked: str) -> None:
    await arm(world, path=path, wire="reset")
    assert (await world.ask("GET", asked, key=None)).status_code == 404
    assert await sticks_of(partial(world.ask, "GET", asked, key=None)) < MOST_STICKS


@pytest.mark.parametrize("path", ["/" + "a" * 1_000, "/a*" * 5])
async def test_a_path_that_could_take_long_is_422(world: AcmeWorld, path: str) -> None:
    problem = await world.control("POST", "/faults", {"path": path, "wire": "reset"})
    assert fields_of(problem) == ["path"]
    assert "at most" in problem.text


async def test_a_fault_matches_by_provider_method_operation_and_account(world: AcmeWorld) -> None:
    teapot = {"answer": {"status": 418}, "times": 1}
    await arm(world, **teapot, provider="acme", method="POST", operation="buy", account="demo")
    asked = {"service": "chat"}
    assert (await world.ask("GET", "/balance")).status_code == 200
    assert (await world.ask("POST", "/orders/1/cancel")).status_code == 404
    assert (await world.ask("POST", "/orders", asked, key="acme-poor")).status_code == 402
    assert (await world.ask("POST", "/orders", asked)).status_code == 418


async def test_a_fault_matches_by_fields_of_the_body_and_the_query(world: AcmeWorld) -> None:
    await arm(world, body={"service": {"in": ["mail", "silent"]}}, answer={"status": 418})
    await arm(world, query={"limit": "2"}, answer={"status": 419})
    assert (await world.ask("POST", "/orders", {"service": "chat"})).status_code == 201
    assert (await world.ask("POST", "/orders", {"service": "mail"})).status_code == 418
    assert (await world.ask("GET", "/orders?limit=1")).status_code == 200
    assert (await world.ask("GET", "/orders?limit=2")).status_code == 419


async def test_a_fault_matches_by_the_state_of_the_order_that_the_request_is_about(world: AcmeWorld) -> None:
    await arm(world, name="late", state="completed", answer={"mistake": "OutOfStock"})
    order = await world.rent()
    assert (await world.ask("GET", f"/orders/{order}")).status_code == 200
    await world.advance("8s")
    refused = await world.ask("GET", f"/orders/{order}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "sold_out")
    assert (await journal_of(world, refused))["order"] == order
    assert (await world.ask("GET", "/balance")).status_code == 200


# -- how often -------------------------------------------------------------------------------------------


async def test_times_are_used_up_and_the_next_fault_takes_over(world: AcmeWorld) -> None:
    await arm(world, times=2, answer={"status": 502})
    await arm(world, times=1, answer={"mistake": "RateLimited", "retry_after": "7s"})
    assert await statuses(world, 5) == [502, 502, 429, 200, 200]


async def test_the_same_seed_has_the_same_victims_and_another_seed_others() -> None:
    victims = []
    for seed in ("a", "a", "b"):
        async with acme_running(rate_limits="off", seed=seed) as world:
            await arm(world, chance=0.3, answer={"status": 503})
            victims.append(await statuses(world, 40))
    assert victims[0] == victims[1] != victims[2]
    assert 4 <= victims[0].count(503) <= 22


async def test_who_is_spared_by_the_dice_does_not_depend_on_what_else_is_asked(world: AcmeWorld) -> None:
    await arm(world, chance=0.4, path="/balance", answer={"status": 503})
    alone = await statuses(world, 20)
    await world.steer("POST", "/reset")
    await arm(world, chance=0.4, path="/balance", answer={"status": 503})
    mixed = []
    for _ in range(20):
        await world.ask("GET", "/services")
        mixed += await statuses(world, 1)
    assert mixed == alone


async def test_a_fault_ends_at_a_moment_of_the_sandboxs_clock(world: AcmeWorld) -> None:
    made = await arm(world, until="10m", answer={"status": 503})
    assert made["until"] == "2026-01-31T12:10:00Z"
    assert await statuses(world, 1) == [503]
    await world.advance("599s")
    assert await statuses(world, 1) == [503]
    await world.advance("1s")
    assert await statuses(world, 1) == [200]
    assert (await world.steer("GET", f"/faults/{made['id']}"))["spent"] is True


# -- answers ---------------------------------------------------------------------------------------------


async def test_a_mistake_is_answered_in_the_providers_words(world: AcmeWorld) -> None:
    await arm(world, times=1, answer={"mistake": "RateLimited", "retry_after": "42s"})
    limited = await world.ask("POST", "/orders", {"service": "chat"})
    assert limited.status_code == 429
    assert limited.headers["retry-after"] == "42"
    assert limited.text == "Slow down: try again in 42 s."
    await arm(world, times=1, answer={"mistake": "InsufficientBalance"})
    poor = await world.ask("GET", "/balance")
    assert (poor.status_code, poor.json()["error"]["code"]) == (402, "no_money")


async def test_a_raw_answer_has_its_status_body_and_headers(world: AcmeWorld) -> None:
    page = {"status": 502, "body": "<h1>Bad Gateway</h1>", "headers": {"Content-Type": "text/html", "Server": "nginx"}}
    await arm(world, times=1, answer=page)
    answer = await world.ask("GET", "/balance")
    assert (answer.status_code, answer.text) == (502, "<h1>Bad Gateway</h1>")
    assert (answer.headers["content-type"], answer.headers["server"]) == ("text/html", "nginx")
    assert answer.headers["x-mock-fault"] == "flt_00000001"
    await arm(world, times=1, answer={"status": 500, "body": {"oops": [1, 2]}})
    answer = await world.ask("GET", "/balance")
    assert (answer.json(), answer.headers["content-type"]) == ({"oops": [1, 2]}, "application/json")
    await arm(world, times=1, answer={"status": 204, "body": "dropped"})
    answer = await world.ask("GET", "/balance")
    assert (answer.content, "content-length" in answer.headers) == (b"", False)


async def test_a_refused_purchase_is_not_made_unless_the_fault_strikes_after_it(world: AcmeWorld) -> None:
    for stage, orders in (("before", 0), ("after", 1)):
        await arm(world, operation="buy", times=1, stage=stage, answer={"mistake": "InternalError"})
        answer = await world.ask("POST", "/orders", {"service": "chat"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_server_error")
        assert len((await world.steer("GET", "/orders"))["orders"]) == orders


async def test_also_who_cannot_be_told_and_what_does_not_exist_meet_the_fault(world: AcmeWorld) -> None:
    await arm(world, answer={"status": 503})
    assert (await world.ask("GET", "/balance", key=None)).status_code == 503
    assert (await world.ask("GET", "/nowhere")).status_code == 503
    assert (await world.ask("PATCH", "/balance")).status_code == 503


# -- delays ----------------------------------------------------------------------------------------------


async def test_a_delay_of_the_sandboxs_clock_moves_it_and_what_is_due_happens(world: AcmeWorld) -> None:
    order = await world.rent()
    await arm(world, path="/orders/*", delay="8s", clock="sandbox")
    answer = await world.ask("GET", f"/orders/{order}")
    assert answer.json()["state"] == "completed"
    assert answer.headers["date"] == "Sat, 31 Jan 2026 12:00:08 GMT"
    assert (await journal_of(world, answer))["faults"][0]["delayed"] == "8s"


@pytest.mark.parametrize(
    ("delay", "least", "most"),
    [
        ({"fixed": "5s", "clock": "sandbox"}, 5, 5),
        ({"uniform": ["1s", "3s"], "clock": "sandbox"}, 1, 3),
        ({"lognormal": {"median": "2s", "sigma": 0.5}, "clock": "sandbox"}, 0.2, 20),
    ],
)
async def test_delays_are_fixed_uniform_or_log_normal_and_the_dice_choose(
    delay: dict[str, Any], least: float, most: float
) -> None:
    runs = []
    for _ in range(2):
        async with acme_running(rate_limits="off") as world:
            await arm(world, delay=delay)
            rows = [(await journal_of(world, await world.ask("GET", "/balance")))["faults"][0] for _ in range(5)]
            runs.append([float(row["delayed"].removesuffix("s")) for row in rows])
    assert runs[0] == runs[1]
    assert all(least <= span <= most for span in runs[0])
    assert len(set(runs[0])) == (1 if least == most else 5)


async def test_a_delay_of_real_time_is_waited_for(world: AcmeWorld) -> None:
    await arm(world, delay="60ms")
    answer = await world.ask("GET", "/balance")
    assert answer.status_code == 200
    assert (await journal_of(world, answer))["milliseconds"] >= 60
    assert answer.headers["date"] == "Sat, 31 Jan 2026 12:00:00 GMT"


async def test_a_delay_and_an_answer_come_from_different_faults(world: AcmeWorld) -> None:
    await arm(world, name="slow", delay="1s", clock="sandbox")
    await arm(world, name="down", chance=1, answer={"status": 503})
    await arm(world, name="late", answer={"status": 500})
    answer = await world.ask("GET", "/balance")
    assert (answer.status_code, answer.headers["date"][17:25]) == (503, "12:00:01")
    rows = (await journal_of(world, answer))["faults"]
    assert [(row["fault"], row["hit"]) for row in rows] == [("slow", True), ("down", True), ("late", False)]
    assert rows[2]["why"] == "decided before: answer by down"


# -- the journal -----------------------------------------------------------------------------------------


async def test_the_journal_tells_which_fault_struck_and_whom_the_dice_spared(world: AcmeWorld) -> None:
    await arm(world, name="dice", chance=0.5, answer={"mistake": "OutOfStock"})
    seen = set()
    for _ in range(12):
        entry = await journal_of(world, await world.ask("GET", "/balance"))
        (row,) = entry["faults"]
        seen.add(row["hit"])
        if row["hit"]:
            assert (entry["fault"], entry["mistake"], row["decides"]) == ("dice", "OutOfStock", ["answer"])
            assert (row["answer"], row["stage"]) == ({"mistake": "OutOfStock"}, "before")
        else:
            assert entry["fault"] is None
            assert row["why"].startswith("chance 0.5, and the dice said 0.")
    assert seen == {True, False}
    hits = (await world.steer("GET", "/faults"))["faults"][0]["hits"]
    assert (await world.steer("POST", "/requests/count", {"fault": "dice"}))["count"] == hits


async def test_the_state_of_the_faults_is_plain_data_that_can_be_put_back(world: AcmeWorld) -> None:
    await arm(world, name="down", times=3, answer={"status": 503})
    await statuses(world, 2)
    found = world.app.sandboxes.known("default")
    assert found is not None
    state = found.state.faults.state(kept_fault)
    assert httpx.Response(200, json=state).json() == state
    await world.steer("POST", "/reset")
    assert await statuses(world, 1) == [200]
    found.state.faults.restore(state)
    assert await statuses(world, 2) == [503, 200]
    assert (await arm(world, wire="reset"))["id"] == "flt_00000002"


# -- secrets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "MARKED", "kept": 1, "deep": [{"pwd": "MARKED"}]},
        '{"access_token": "MARKED", "kept": 1}',
        "kept=1&pwd=MARKED",
    ],
)
async def test_neither_listings_nor_snapshots_show_the_secrets_of_a_fault(world: AcmeWorld, body: Any) -> None:
    headers = {"Set-Cookie": "MARKED", "X-Session-Token": "MARKED", "X-Kept": "yes"}
    answer = {"status": 418, "body": body, "headers": headers}
    armed = await arm(world, answer=answer, body={"password": "MARKED", "service": 6}, query={"sig": "MARKED"})
    asked = ["/faults", f"/faults/{armed['id']}"]
    texts = [(await world.control("GET", path)).text for path in asked]
    for text in texts:
        assert "MARKED" not in text
        assert "kept" in text
        assert '"service":6' in text
    await world.control("DELETE", "/faults")
    await arm(world, answer=answer)
    snapshot = (await world.control("GET", "/state")).text
    assert "MARKED" not in snapshot
    struck = await world.ask("GET", "/balance")
    assert (struck.status_code, struck.headers["x-session-token"]) == (418, "MARKED")


@pytest.mark.parametrize("body", [{"password": "FAULT-MARK"}, "token=FAULT-MARK&a=1"])
async def test_the_journal_shows_no_secrets_of_what_a_fault_answered(world: AcmeWorld, body: Any) -> None:
    headers = {"X-Api-Key": "FAULT-MARK", "Set-Cookie": "a=FAULT-MARK", "X-Kept": "kept"}
    await arm(world, path="/balance", answer={"status": 503, "body": body, "headers": headers})
    answer = await world.ask("GET", "/balance")
    assert "FAULT-MARK" in answer.text, "the client gets them"
    assert answer.headers["x-api-key"] == "FAULT-MARK"
    entry = await journal_of(world, answer)
    assert ["x-kept", "kept"] in entry["response"]["headers"]
    for told in (entry, await world.steer("GET", "/requests")):
        assert "FAULT-MARK" not in str(told)


@pytest.mark.parametrize(
    ("fault", "field", "hint"),
    [
        ({"path": "/ordrs"}, "path", "did you mean '/orders'?"),
        ({"method": "GTE"}, "method", "did you mean 'GET'?"),
        ({"body": {"servce": "chat"}}, "body.servce", "did you mean 'service'?"),  # codespell:ignore
        ({"query": {"limitt": "1"}, "provider": "acme"}, "query.limitt", "did you mean 'limit'?"),
        ({"state": "waitng"}, "state", "did you mean 'waiting'?"),
        ({"state": ["waitng", {"a": 1}]}, "state", "waiting"),
        ({"event": "order.complete"}, "event", "did you mean 'order.completed'?"),  # codespell:ignore
    ],
)
async def test_a_fault_that_names_what_nothing_has_is_armed_with_a_warning(
    world: AcmeWorld, fault: dict[str, Any], field: str, hint: str
) -> None:
    does = {"webhook": {"drop": True}} if "event" in fault else {"answer": {"status": 500}}
    made = await arm(world, **fault, **does)
    (warning,) = made["warnings"]
    assert warning["field"] == field
    assert hint in warning["message"]
    (listed,) = (await world.steer("GET", "/faults"))["faults"]
    assert "warnings" not in listed


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/orders/*", "method": "GET"},
        {"path": "/orders", "body": {"service": "chat", "odd": {"exists": False}}},
        {"state": {"ne": "completed"}},
        {"operation": "buy", "times": 1},
    ],
)
async def test_a_fault_that_can_strike_has_no_warnings(world: AcmeWorld, fault: dict[str, Any]) -> None:
    assert "warnings" not in await arm(world, **fault, answer={"status": 500})


async def test_of_very_many_unknown_names_a_few_are_told(world: AcmeWorld) -> None:
    made = await arm(world, body={f"unknown{number}" * 8: 1 for number in range(50)}, answer={"status": 500})
    assert len(made["warnings"]) == 5


async def test_the_method_of_a_fault_is_taken_in_any_case(world: AcmeWorld) -> None:
    made = await arm(world, method="get", path="/balance", answer={"status": 503})
    assert (made["method"], "warnings" in made) == ("GET", False)
    assert await statuses(world, 1) == [503]

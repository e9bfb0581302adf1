"""Criteria for the journal match in every way of writing them, and are refused where nothing can match them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mockserver.app import App
from mockserver.control.app import OPERATIONS
from mockserver.control.operation import Answer, ControlCall, Operation
from mockserver.control.reading import read_query
from mockserver.domain.errors import Invalid
from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio
V1 = {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "sandbox-secret"}


@pytest.fixture
async def all_four() -> AsyncIterator[World]:
    """A frozen sandbox of every provider: for forms, credentials of several parts, and names of several providers."""
    async with started(App(frozen_settings(rate_limits="off"))) as made:
        yield made


async def count(world: World, **wanted: Any) -> int:
    number: int = (await world.steer("POST", "/requests/count", wanted))["count"]
    return number


async def refusal(world: World, **wanted: Any) -> tuple[str, str]:
    """The one field that is refused, and the message."""
    answers = [await world.control("POST", f"/requests/{verb}", wanted) for verb in ("count", "find")]
    (error,), (same,) = [problem_of(answer, 422)["errors"] for answer in answers]
    assert error == same
    return error["field"], error["message"]


async def update_an_order(world: World, **more: Any) -> None:
    await world.call("POST", "/api.doctorsim.com/update_order/1509403", headers=V1, **more)


async def test_the_same_glob_counts_what_a_fault_would_strike(all_four: World) -> None:
    await update_an_order(all_four, data={"force": "nowait"})
    assert await count(all_four, path="/update_order/*") == 1
    assert await count(all_four, path={"like": "/update_order/*"}) == 1
    assert await count(all_four, path="/update_order/**") == 1
    assert await count(all_four, path="/**") == 1
    assert await count(all_four, path=["/countries", "/update_order/15*"]) == 1
    assert await count(all_four, path={"ne": "/update_order/*"}) == 0
    assert await count(all_four, path={"not_in": ["/countries"]}) == 1


async def test_a_method_is_counted_in_any_case(all_four: World) -> None:
    await update_an_order(all_four)
    assert await count(all_four, method="post") == 1
    assert await count(all_four, method=["Post", "get"]) == 1
    assert await count(all_four, method={"ne": "post"}) == 0


@pytest.mark.parametrize("kind", ["form", "multipart", "json"])
async def test_a_form_is_a_flat_object_whatever_it_is_sent_as(all_four: World, kind: str) -> None:
    sent: dict[str, dict[str, Any]] = {
        "form": {"data": {"force": "nowait"}},
        "multipart": {"files": {"force": (None, "nowait")}},
        "json": {"json": {"force": "nowait"}},
    }
    await update_an_order(all_four, **sent[kind])
    assert await count(all_four, body={"force": "nowait"}) == 1
    assert await count(all_four, body={"force": "later"}) == 0


@pytest.mark.parametrize(
    ("wanted", "field", "hint"),
    [
        ({"provider": "Acme"}, "provider", "did you mean 'acme'?"),
        ({"provider": {"in": ["acme", "acem"]}}, "provider", "did you mean 'acme'?"),
        ({"provider": {"prefix": "doctor-sim"}}, "provider", "acme"),
        ({"operation": "ordes"}, "operation", "did you mean 'orders'?"),
        ({"provider": "acme", "operation": "create_order"}, "operation", "one of balance"),
        ({"method": "PSOT"}, "method", "did you mean 'POST'?"),  # codespell:ignore
        ({"status": "200"}, "status", "did you mean 200?"),
        ({"status": "ok"}, "status", "must be a number"),
        ({"status": 20}, "status", "no answer has this status"),
        ({"status": {"gte": "400"}}, "status", "must be a number"),
        ({"status": True}, "status", "must be a number"),
        ({"changes_state": "yes"}, "changes_state", "true or false"),
        ({"account": "dmeo"}, "account", "did you mean 'demo'?"),
        ({"account": None}, "account", "must be a text"),
        ({"account": {"eq": ["demo"]}}, "account", "must be a text"),
        ({"provider": "acme", "account": "partner"}, "account", "demo"),
        ({"order": "999999999"}, "order", "unknown order"),
        ({"mistake": "Unauthorised"}, "mistake", "did you mean"),
        ({"rule": "silent-servic"}, "rule", "did you mean 'silent-service'?"),
        ({"fault": "RateLimite"}, "fault", "did you mean 'RateLimited'?"),
        ({"path": "/orders/*/cancels"}, "path", "did you mean '/orders/{order}/cancel'?"),
        ({"path": "/nope"}, "path", "no endpoint has a path like"),
        ({"path": "/orderss"}, "path", "did you mean '/orders'?"),
        ({"path": "/orders?x=1"}, "path", "did you mean '/orders'"),
        ({"path": "/api.acme.example/v1/orders"}, "path", "did you mean '/orders'"),
        ({"path": "http://localhost:7460/~w/api.acme.example/v1/orders/*"}, "path", "did you mean '/orders/*'"),
        ({"path": "/v1/orders"}, "path", "did you mean '/orders'"),
        ({"provider": "acme", "path": "/create_order/**"}, "path", "no endpoint has a path like"),
        ({"path": 5}, "path", "must be a path"),
        ({"path": ""}, "path", "must be a path"),
        ({"body": {"servce": "chat"}}, "body.servce", "did you mean 'service'?"),  # codespell:ignore
        ({"query": {"limitt": "1"}}, "query.limitt", "did you mean 'limit'?"),
        ({"status": [200] * 101}, "status", "at most 100"),
        ({"body": {str(number): 1 for number in range(101)}}, "body", "at most 100"),
        ({"path": ["/orderss", "/nowhere"]}, "path", "did you mean '/orders'?"),
        ({"path": "/*a" * 9}, "path", "at most"),
        ({"provider": "Acme", "operation": "buy"}, "provider", "did you mean 'acme'?"),
        ({"status": {"exists": False}}, "status", "every request has one"),
        ({"colour": "red"}, "colour", "one of provider"),
        ({"metod": "GET"}, "metod", "did you mean 'method'?"),  # codespell:ignore
    ],
)
async def test_what_can_match_nothing_is_refused_with_a_suggestion(
    world: AcmeWorld, wanted: dict[str, Any], field: str, hint: str
) -> None:
    refused, message = await refusal(world, **wanted)
    assert refused == field
    assert hint in message


@pytest.mark.parametrize(
    ("wanted", "field", "hint"),
    [
        ({"provider": {"in": ["daisysim", "hidsin"]}}, "provider", "did you mean 'hidsim'?"),
        ({"provider": {"prefix": "doctor-sim"}}, "provider", "daisysim"),
        ({"provider": "hidsim", "account": "demo"}, "account", "partner"),
        ({"path": "/check"}, "path", "did you mean '/check/*'?"),
    ],
)
async def test_of_several_providers_the_one_that_was_meant_is_suggested(
    all_four: World, wanted: dict[str, Any], field: str, hint: str
) -> None:
    refused, message = await refusal(all_four, **wanted)
    assert refused == field
    assert hint in message


async def test_what_stands_in_the_journal_can_be_counted_whoever_knows_it(world: AcmeWorld) -> None:
    await world.ask("POST", "/orderss", {"servce": "chat"})  # codespell:ignore
    await world.ask("GET", "/balance?limitt=1")
    assert await count(world, path="/orderss") == 1
    assert await count(world, body={"servce": "chat"}) == 1  # codespell:ignore
    assert await count(world, query={"limitt": "1"}) == 1
    await world.control("DELETE", "/requests")
    assert (await refusal(world, path="/orderss"))[0] == "path"


async def test_what_can_match_and_did_not_is_nought(world: AcmeWorld) -> None:
    await world.ask("GET", "/balance")
    assert await count(world, path="/orders") == 0
    assert await count(world, path="/orders/123456789") == 0
    assert await count(world, account="poor") == 0
    assert await count(world, status=503) == 0
    assert await count(world, body={"service": "chat"}) == 0
    assert await count(world, mistake="OutOfStock") == 0
    assert await count(world, fault="503") == 0


@pytest.mark.parametrize(
    ("provider", "name", "account"),
    [
        ("daisysim", "daisy-demo", "demo"),
        ("doctorsim_v1", "sandbox-key", "sandbox"),
        ("doctorsim_v2", "test_demo", "test_demo"),
        ("hidsim", "partner@example.com", "partner"),
    ],
)
async def test_an_account_is_named_by_the_public_part_of_its_credential(
    all_four: World, provider: str, name: str, account: str
) -> None:
    shown = await all_four.steer("GET", f"/accounts/{provider}/{account}")
    assert await all_four.steer("GET", f"/accounts/{provider}/{name}") == shown
    assert await all_four.steer("PATCH", f"/accounts/{provider}/{name}", {}) == shown
    assert (await all_four.steer("GET", f"/ledger/{provider}/{name}"))["balance"] == shown["balance"]
    assert await all_four.steer("GET", f"/orders?account={name}") == {"orders": [], "next": None}
    assert await count(all_four, account=name) == 0
    assert await count(all_four, account={"ne": name}) == 0


async def test_requests_are_counted_by_the_public_part(world: AcmeWorld) -> None:
    await world.ask("GET", "/balance")
    await world.ask("GET", "/balance", key="acme-poor")
    assert await count(world, account="acme-demo") == 1
    assert await count(world, account=["acme-demo", "poor"]) == 2
    assert await count(world, account={"ne": "acme-demo"}) == 1


@pytest.mark.parametrize(
    ("provider", "secret"),
    [("daisysim", "a-key-of-mine"), ("doctorsim_v1", "sandbox-secret"), ("hidsim", "secret-password")],
)
async def test_a_secret_names_no_account_and_is_not_repeated(all_four: World, provider: str, secret: str) -> None:
    if provider == "daisysim":
        await all_four.steer("POST", "/accounts/daisysim", {"id": "mine", "credentials": {"key": secret}})
    for answer in (
        await all_four.control("GET", f"/accounts/{provider}/{secret}"),
        await all_four.control("GET", f"/ledger/{provider}/{secret}"),
        await all_four.control("GET", f"/orders?account={secret}"),
        await all_four.control("GET", f"/requests?account={secret}"),
        await all_four.control("POST", "/requests/count", {"account": secret}),
        await all_four.control("POST", "/faults", {"account": secret, "wire": "reset"}),
    ):
        assert answer.status_code in (404, 422)
        assert secret not in answer.text


async def test_an_opened_account_is_named_by_its_public_part(all_four: World) -> None:
    made = await all_four.steer("POST", "/accounts/doctorsim_v1", {"id": "mine"})
    key, secret = made["credentials"]["key"], made["credentials"]["secret"]
    assert (await all_four.steer("GET", f"/accounts/doctorsim_v1/{key}"))["id"] == "mine"
    problem_of(await all_four.control("GET", f"/accounts/doctorsim_v1/{secret}"), 404)
    state = (await all_four.control("GET", "/state")).content
    await all_four.steer("POST", "/reset")
    problem_of(await all_four.control("GET", f"/accounts/doctorsim_v1/{key}"), 404)
    await all_four.control("PUT", "/state", content=state)
    assert (await all_four.steer("GET", f"/accounts/doctorsim_v1/{key}"))["id"] == "mine"


async def test_an_account_that_any_key_opened_is_named_by_its_key(all_four: World) -> None:
    await all_four.steer("PATCH", "/settings", {"accept_any_key": True})
    headers = {"DSIM_KEY": "a-new-key", "DSIM_SECRET": "a-new-secret"}
    await all_four.call("GET", "/api.doctorsim.com/brands", headers=headers)
    assert (await all_four.steer("GET", "/accounts/doctorsim_v1/a-new-key"))["id"].startswith("any-")
    assert await count(all_four, account="a-new-key") == 1
    problem_of(await all_four.control("GET", "/accounts/doctorsim_v1/a-new-secret"), 404)


# -- the listing -----------------------------------------------------------------------------------------


async def test_the_listing_filters_as_find_does(world: AcmeWorld) -> None:
    await world.ask("GET", "/balance")
    await world.ask("GET", "/orders/123456789")
    await world.ask("GET", "/balance", key="acme-poor")

    async def listed(query: str) -> list[str]:
        return [one["id"] for one in (await world.steer("GET", f"/requests?{query}"))["requests"]]

    assert await listed("path=/balance") == ["req_00000003", "req_00000001"]
    assert await listed("path=/orders/*&status=404") == ["req_00000002"]
    assert await listed("method=get&account=acme-poor") == ["req_00000003"]
    assert await listed("changes_state=true") == []
    assert await listed("mistake=NotFound&provider=acme") == ["req_00000002"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("path=/nowhere", "path"),
        ("provider=Acme", "provider"),
        ("status=abc", "status"),
        ("status=20", "status"),
        ("operation=fly", "operation"),
        ("changes_state=yes", "changes_state"),
        ("account=dmeo", "account"),
        ("nosuch=1", "nosuch"),
        ("limit=1&limit=2", "limit"),
        ("after=first", "after"),
    ],
)
async def test_the_listing_refuses_what_can_match_nothing(world: AcmeWorld, query: str, field: str) -> None:
    await world.ask("GET", "/balance")
    assert fields_of(await world.control("GET", f"/requests?{query}")) == [field]


# -- unknown parameters ----------------------------------------------------------------------------------


OWN = [one for one in OPERATIONS if not one.any_query]


@pytest.mark.parametrize("operation", OWN, ids=[one.name for one in OWN])
async def test_no_operation_takes_a_parameter_that_it_does_not_know(world: AcmeWorld, operation: Any) -> None:
    path = operation.path.replace("{provider}", "acme").replace("{id}", "demo").replace("{kind}", "activation")
    answer = await world.control(operation.method, f"{path.replace('{name}', 'x')}?nosuch=1")
    assert fields_of(answer) == ["nosuch"]


async def test_an_unknown_parameter_is_told_with_the_one_that_was_meant(world: AcmeWorld) -> None:
    answer = await world.control("GET", "/orders?stat=waiting")
    assert "did you mean 'state'?" in problem_of(answer, 422)["detail"]
    answer = await world.control("GET", "/clock?now=1")
    assert "takes none" in problem_of(answer, 422)["detail"]


async def test_only_an_inbox_takes_whatever_query_it_is_sent(world: AcmeWorld) -> None:
    assert (await world.control("POST", "/inbox/in?token=1&x=2", {"a": 1})).status_code == 200
    assert (await world.steer("GET", "/inbox/in"))["received"][0]["query"] == "token=1&x=2"


def test_a_parameter_whose_schema_is_a_list_may_be_repeated() -> None:
    async def handler(call: ControlCall) -> Answer:
        return Answer({})

    lists: dict[str, Any] = {"label": {"type": "array", "items": {"type": "string"}}, "name": "one name"}
    operation = Operation("GET", "/things", handler, name="things", summary="Things", query=lists)
    assert read_query(operation, "label=a&label=b&name=c") == {"label": "b", "name": "c"}
    with pytest.raises(Invalid, match="name: must be given once"):
        read_query(operation, "name=a&name=b")


@pytest.mark.parametrize(
    ("wanted", "field", "hint"),
    [
        ({"order": {"in": []}}, "order", "empty list"),
        ({"account": []}, "account", "empty list"),
        ({"path": []}, "path", "empty list"),
        ({"body": {"service": []}}, "body.service", "empty list"),
        ({"status": {"gte": 1e308}}, "status", "from 100 to 599"),
        ({"status": {"gt": 400, "lt": 300}}, "status", "from 100 to 599"),
        ({"status": {"prefix": "9"}}, "status", "from 100 to 599"),
        ({"path": {"gt": [1]}}, "path", "gt takes a number"),
        ({"path": {"gt": 1}}, "path", "a path is no number"),
        ({"path": {"prefix": "orders"}}, "path", "did you mean '/orders'?"),
        ({"body": {"service": {"gt": "a"}}}, "body.service", "gt takes a number: 'a'"),
        ({"query": {"limit": {"lte": None}}}, "query.limit", "lte takes a number"),
        ({"changes_state": {"gt": False}}, "changes_state", "gt takes a number"),
        ({"order": {"lt": "nan"}}, "order", "lt takes a number"),
    ],
)
async def test_what_no_value_can_meet_is_refused(
    world: AcmeWorld, wanted: dict[str, Any], field: str, hint: str
) -> None:
    refused, message = await refusal(world, **wanted)
    assert refused == field
    assert hint in message


async def test_numbers_are_compared_though_they_are_texts(all_four: World) -> None:
    await update_an_order(all_four, data={"credits": "12"})
    assert await count(all_four, body={"credits": {"gte": "11.5", "lt": 13}}, path={"prefix": "/update"}) == 1

"""The life of an operation: every state, every action in it, every event, and the money."""

from typing import Any

import pytest

from tests.providers.hidsim.hid import BASE, SCHEMAS, Hid, hidsim, refusal

pytestmark = pytest.mark.anyio

ACTIONS = ("refetch", "close", "refund")
REFUNDED = ("no_number_refunded", "system_refunded", "user_refunded")


async def in_state(hid: Hid, name: str) -> dict[str, Any]:
    """A new operation, brought into this state by time, products and actions alone."""
    product, wait = {
        "creating": ("nosms001", "1s"),
        "pending": ("nosms001", "30s"),
        "closable": ("nosms001", "120s"),
        "completed": ("instant1", "1s"),
        "old": ("instant1", "300s"),
        "no_number_refunded": ("nonumber", "5s"),
        "system_refunded": ("errstart", "3s"),
        "user_refunded": ("nosms001", "120s"),
    }[name]
    operation = await hid.buy(product)
    await hid.poll(operation)
    await hid.world.advance(wait)
    if name == "user_refunded":
        assert (await hid.act(operation, "close")).status_code == 200
    return operation


async def test_a_purchase_is_creating_then_pending_then_completed() -> None:
    async with hidsim() as hid:
        bought = await hid.buy("tier0045")
        assert SCHEMAS.checker("hidsim/operation").check(bought) == {}
        assert (bought["state"], bought["status"]) == ("creating", "creating")
        assert (bought["number"], bought["code"], bought["message"], bought["messages"]) == (None, None, None, [])
        assert (bought["price"], await hid.balance()) == (0.45, 24.55)
        assert bought["createdAt"] == "2026-01-31T12:00:00.000Z"
        assert bought["expiresAt"] == "2026-01-31T12:20:00.000Z"
        assert bought["closableAt"] == "2026-01-31T12:02:00.000Z"
        await hid.world.advance("1.999s")
        assert (await hid.poll(bought))["state"] == "creating"
        await hid.world.advance("1ms")
        pending = await hid.poll(bought)
        assert pending["state"] == "pending"
        assert pending["number"].startswith("+999")
        assert SCHEMAS.checker("hidsim/operation").check(pending) == {}
        await hid.world.advance("14.999s")
        assert (await hid.poll(bought))["state"] == "pending"
        await hid.world.advance("1ms")
        done = await hid.poll(bought)
        assert SCHEMAS.checker("hidsim/operation").check(done) == {}
        assert (done["state"], done["number"]) == ("completed", pending["number"])
        assert done["code"] == done["messages"][0]["code"]
        assert done["message"] == done["messages"][0]["text"]
        assert done["code"] in done["message"]
        assert done["completedAt"] == done["messages"][0]["receivedAt"] == "2026-01-31T12:00:17.000Z"
        assert done["refundedAt"] is None
        assert await hid.balance() == 24.55


@pytest.mark.parametrize(
    ("state", "refetch", "close"),
    [
        ("creating", 425, 425),
        ("pending", 200, 425),
        ("closable", 200, 200),
        ("completed", 200, 400),
        ("old", 400, 400),
        *((state, 400, 400) for state in REFUNDED),
    ],
)
async def test_every_action_in_every_state(state: str, refetch: int, close: int) -> None:
    for action, status in zip(ACTIONS, (refetch, close, close), strict=True):
        async with hidsim() as hid:
            operation = await in_state(hid, state)
            before, held = await hid.poll(operation), await hid.balance()
            answer = await hid.act(operation, action)
            assert answer.status_code == status, (state, action, answer.text)
            after = await hid.poll(operation)
            if status != 200:
                refusal(answer, status)
                assert (after, await hid.balance()) == (before, held)
            elif action == "refetch":
                assert answer.json() == after
                assert after | {"updatedAt": before["updatedAt"]} == before
            else:
                assert answer.json() == after
                assert after["state"] == "user_refunded"
                assert await hid.balance() == held + before["price"]


async def test_too_early_says_how_many_whole_seconds_are_left() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("500ms")
        refetch = await hid.act(operation, "refetch")
        assert (refusal(refetch, 425)["retryAfter"], refetch.headers["Retry-After"]) == (2, "2")
        close = await hid.act(operation, "close")
        assert (refusal(close, 425)["retryAfter"], close.headers["Retry-After"]) == (120, "120")
        await hid.world.advance("60s")
        close = await hid.act(operation, "refund")
        assert (refusal(close, 425)["retryAfter"], close.headers["Retry-After"]) == (60, "60")
        await hid.world.advance("60s")
        assert (await hid.act(operation, "close")).json()["state"] == "user_refunded"


@pytest.mark.parametrize("action", ["close", "refund"])
@pytest.mark.parametrize(("state", "status"), [("creating", 425), ("pending", 425), ("user_refunded", 400)])
async def test_a_refusal_names_the_action_that_was_asked_for(action: str, state: str, status: int) -> None:
    async with hidsim() as hid:
        operation = await in_state(hid, state)
        assert f" to {action} " in refusal(await hid.act(operation, action), status)["message"]


async def test_waiting_as_long_as_retry_after_says_is_enough() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        for action in ("refetch", "close"):
            wait = (await hid.act(operation, action)).headers["Retry-After"]
            await hid.world.advance(f"{wait}s")
            assert (await hid.act(operation, action)).status_code == 200


async def test_when_it_can_be_closed_is_a_setting() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.close_after": "10s"})
        operation = await hid.buy("nosms001")
        await hid.world.advance("9s")
        assert refusal(await hid.act(operation, "close"), 425)["retryAfter"] == 1
        await hid.world.advance("1s")
        assert (await hid.act(operation, "close")).status_code == 200


async def test_an_operation_that_is_still_creating_is_never_closed_however_short_the_setting() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.close_after": "0s"})
        operation = await hid.buy("nonumber")
        assert refusal(await hid.act(operation, "close"), 425)["retryAfter"] == 5


async def test_a_number_that_never_comes_is_given_up_after_a_minute() -> None:
    async with hidsim() as hid:
        scenario = """
scenario: stuck
provider: hidsim
about: Nothing happens while creating.
rules:
  - then: {never: [assign, no_number]}
"""
        await hid.world.steer("POST", "/scenarios", content=scenario, headers={"Content-Type": "application/yaml"})
        await hid.world.steer("PUT", "/scenarios/active", ["stuck"])
        operation = await hid.buy("tier0020")
        await hid.world.advance("59.999s")
        assert (await hid.poll(operation))["state"] == "creating"
        await hid.world.advance("1ms")
        assert (await hid.poll(operation))["state"] == "system_refunded"


async def test_without_an_sms_it_is_refunded_by_the_system_after_twenty_minutes() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("1199.999s")
        assert (await hid.poll(operation))["state"] == "pending"
        await hid.world.advance("1ms")
        done = await hid.poll(operation)
        assert (done["state"], done["code"], done["messages"]) == ("system_refunded", None, [])
        assert done["refundedAt"] == done["expiresAt"]
        assert done["number"] is not None, "refunded operations keep their number"
        assert await hid.balance() == 25


async def test_an_sms_at_the_instant_of_expiry_counts() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.expire_after": "17s"})
        operation = await hid.buy("tier0020")
        await hid.world.advance("17s")
        assert (await hid.poll(operation))["state"] == "completed"


async def test_the_balance_does_not_depend_on_polling() -> None:
    async with hidsim() as hid:
        await hid.buy("nonumber")
        await hid.buy("errlater")
        await hid.world.advance("1h")
        assert await hid.balance() == 25
        assert [row["type"] for row in (await hid.get("/transactions"))["data"]] == [
            "refund",
            "refund",
            "purchase",
            "purchase",
            "deposit",
        ]


@pytest.mark.parametrize(
    ("product", "event", "state"),
    [
        ("nosms001", "assign", "pending"),
        ("nosms001", "no_number", "no_number_refunded"),
        ("nosms001", "provider_error", "system_refunded"),
        ("nosms001", "expire", "system_refunded"),
    ],
)
async def test_a_test_can_push_an_operation_that_is_creating(product: str, event: str, state: str) -> None:
    async with hidsim() as hid:
        operation = await hid.buy(product)
        assert (await hid.push(operation, event)).json()["state"] == state
        assert (await hid.poll(operation))["state"] == state
        for wrong in ("sms", "close"):
            if state != "pending":
                assert (await hid.push(operation, wrong)).status_code == 409


@pytest.mark.parametrize(
    ("event", "state"), [("provider_error", "system_refunded"), ("expire", "system_refunded"), ("sms", "completed")]
)
async def test_a_test_can_push_a_pending_operation(event: str, state: str) -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("2s")
        assert (await hid.push(operation, event)).json()["state"] == state
        assert await hid.balance() == (24.5 if state == "completed" else 25)


async def test_a_pushed_close_keeps_to_the_guard() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        assert (await hid.push(operation, "close")).status_code == 409
        await hid.world.advance("60s")
        assert (await hid.push(operation, "close")).status_code == 409
        await hid.world.advance("60s")
        assert (await hid.push(operation, "close")).json()["state"] == "user_refunded"


@pytest.mark.parametrize("state", ["completed", *REFUNDED])
async def test_a_terminal_state_is_never_left(state: str) -> None:
    async with hidsim() as hid:
        operation = await in_state(hid, state)
        held = await hid.balance()
        for event in ("assign", "no_number", "provider_error", "expire", "close", "sms"):
            if not (state == "completed" and event == "sms"):
                assert (await hid.push(operation, event)).status_code == 409
        for action in ACTIONS:
            await hid.act(operation, action)
        await hid.world.advance("20h")
        assert (await hid.poll(operation))["state"] == state
        assert await hid.balance() == held


async def test_an_operation_is_found_by_both_of_its_ids_and_by_nobody_else() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        assert await hid.get(f"/operations/{operation['id']}") == await hid.poll(operation)
        assert await hid.get(f"/operations/{operation['_id'].upper()}") == await hid.poll(operation)
        shown = await hid.world.steer("GET", f"/orders/hidsim/{operation['id']}")
        assert shown == await hid.world.steer("GET", f"/orders/hidsim/{operation['_id']}")
        poor = Hid(hid.world, "poor@example.com")
        for identifier in (operation["_id"], operation["id"]):
            for action in ("", "/refetch", "/close", "/refund"):
                refusal(await poor.call("GET", f"/operations/{identifier}{action}"), 404)


@pytest.mark.parametrize(
    "identifier", ["0" * 24, "f" * 24, "00000000", "zzzzzzzz", "x", "%00", "..%2f", "é", "0" * 500]
)
async def test_an_unknown_operation_is_404(identifier: str) -> None:
    async with hidsim() as hid:
        for action in ("", "/refetch", "/close", "/refund"):
            refusal(await hid.call("GET", f"/operations/{identifier}{action}"), 404)


@pytest.mark.parametrize("action", ACTIONS)
async def test_head_does_not_act(action: str) -> None:
    async with hidsim() as hid:
        operation = await in_state(hid, "closable")
        before = await hid.poll(operation)
        answer = await hid.call("HEAD", f"/operations/{operation['_id']}/{action}")
        assert (answer.status_code, answer.content) == (404, b"")
        assert await hid.poll(operation) == before
        assert (await hid.call("HEAD", f"/operations/{operation['_id']}")).status_code == 200


async def test_the_journal_marks_a_get_that_changes_state() -> None:
    async with hidsim() as hid:
        operation = await in_state(hid, "closable")
        for action in ("refetch", "close"):
            await hid.act(operation, action)
        await hid.poll(operation)
        found = await hid.world.steer("POST", "/requests/find", {"method": "GET", "changes_state": True})
        assert [row["operation"] for row in found["requests"]] == ["refetch", "close"]
        assert {row["order"] for row in found["requests"]} == {operation["_id"]}
        reads = await hid.world.steer("POST", "/requests/find", {"operation": "operation"})
        assert {row["changes_state"] for row in reads["requests"]} == {False}


@pytest.mark.parametrize(("setting", "field"), [("state", "status"), ("status", "state")])
async def test_a_setting_leaves_one_name_for_the_state(setting: str, field: str) -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.state_field": setting})
        operation = await hid.buy("nosms001")
        assert operation[setting] == "creating"
        assert field not in operation


async def test_settings_take_the_plus_away_and_make_a_purchase_200() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.number_plus": False, "hidsim.purchase_status": 200})
        answer = await hid.call("POST", "/products/nosms001/purchase")
        assert answer.status_code == 200
        await hid.world.advance("2s")
        assert (await hid.poll(answer.json()))["number"].startswith("999")


async def test_every_setting_explains_itself() -> None:
    async with hidsim() as hid:
        described = await hid.world.steer("GET", "/settings?help=1")
        mine = {name: row for name, row in described.items() if name.startswith("hidsim.")}
        assert set(mine) == {
            f"hidsim.{name}"
            for name in (
                "profile",
                "cors",
                "list_envelope",
                "error_envelope",
                "state_field",
                "number_plus",
                "purchase_status",
                "number_after",
                "no_number_after",
                "give_up_after",
                "sms_after",
                "further_sms_within",
                "further_sms_after",
                "close_after",
                "expire_after",
                "token_lifetime",
                "extra_fields",
            )
        }
        assert all(len(row["help"]) > 20 for row in mine.values())


async def test_populate_shows_relations_as_objects_and_ignores_what_it_does_not_know() -> None:
    async with hidsim() as hid:
        plain = await hid.buy("tier0110")
        row = await hid.get(f"/operations/{plain['id']}", populate="_service,_country, _user,nothing,number")
        assert (row["_service"]["_id"], row["_country"]["iso2"]) == (plain["_service"], "ZZ")
        assert row["_user"]["balance"] == 23.9
        assert row["_product"] == plain["_product"]
        full = await hid.get("/operations", populate="_product")
        assert full["data"][0]["_product"]["price"] == 1.1
        assert SCHEMAS.checker("hidsim/operations").check(full) == {}


async def test_operations_are_listed_newest_first_and_narrowed_down() -> None:
    async with hidsim() as hid:
        bought = []
        for product in ("nosms001", "nonumber", "instant1"):
            bought.append(await hid.buy(product))
            await hid.world.advance("10s")
        newest = [one["_id"] for one in reversed(bought)]

        async def ids(**params: Any) -> list[str]:
            page = await hid.get("/operations", **params)
            assert SCHEMAS.checker("hidsim/operations").check(page) == {}
            return [row["_id"] for row in page["data"]]

        assert await ids() == newest
        assert await ids(limit=1, skip=1) == newest[1:2]
        assert await ids(sort="createdAt") == newest[::-1]
        assert await ids(sort="-state,nothing") == [newest[2], newest[1], newest[0]]
        assert await ids(state="completed") == newest[:1]
        assert await ids(state="completed,pending") == [newest[0], newest[2]]
        assert await ids(state=["completed", "no_number_refunded"]) == newest[:2]
        assert await ids(_service=bought[0]["_service"]) == [newest[2]]
        assert await ids(_country=bought[0]["_country"]) == newest
        assert await ids(_user=bought[0]["_user"]) == newest
        assert await ids(_user="0" * 24) == []
        assert await ids(_service="0" * 24) == []
        for params in ({"state": "done"}, {"_service": "wa"}, {"_user": "partner"}, {"limit": 0}, {"skip": -1}):
            refusal(await hid.call("GET", "/operations", params=params), 400)
        poor = Hid(hid.world, "poor@example.com")
        assert (await poor.get("/operations"))["total"] == 0


@pytest.mark.parametrize(
    ("calls", "path", "method"),
    [(10, "/products/nosms001/purchase", "POST"), (60, "/countries", "GET"), (60, "/operations/x", "GET")],
)
async def test_a_minute_takes_so_many_calls(calls: int, path: str, method: str) -> None:
    async with hidsim(rate_limits="documented") as hid:
        for _ in range(calls):
            assert (await hid.call(method, path)).status_code in (200, 201, 404)
        await hid.world.advance("20s")
        answer = await hid.call(method, path)
        assert refusal(answer, 429)["retryAfter"] == 40
        assert answer.headers["Retry-After"] == "40"
        other = "/countries" if method == "POST" else "/products/nosms001/purchase"
        assert (await hid.call("GET" if method == "POST" else "POST", other)).is_success
        await hid.world.advance("40s")
        assert (await hid.call(method, path)).status_code in (200, 201, 404)


async def test_all_calls_but_purchases_share_one_window() -> None:
    async with hidsim(rate_limits="documented") as hid:
        for number in range(60):
            await hid.call("GET", ("/auth/me", "/services", "/operations/x/close")[number % 3])
        refusal(await hid.call("GET", "/transactions"), 429)
        assert (await Hid(hid.world, "poor@example.com").call("GET", "/auth/me")).status_code == 200


@pytest.mark.parametrize("path", ["/operations", "/operations/x", "/auth/me", "/transactions", "/auth/nothing"])
async def test_private_answers_are_not_to_be_stored(path: str) -> None:
    async with hidsim() as hid:
        assert (await hid.call("GET", path)).headers["Cache-Control"] == "no-store"
        assert "Cache-Control" not in (await hid.call("GET", "/countries")).headers


ASSUMED = (
    "/countries/{country}",
    "/services/instant1",
    "/products/instant1",
    "/operations",
    "/operations/{operation}/refund",
    "/transactions",
)


async def test_assumed_endpoints_say_so_in_every_answer_and_can_be_switched_off() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        documented = ("/countries", "/services/search?q=wa", f"/operations/{operation['id']}", "/auth/me", "/nothing")
        paths = [path.format(country=operation["_country"], operation=operation["_id"]) for path in ASSUMED]
        for path in paths:
            assert (await hid.call("GET", path)).headers["X-Mock-Assumed"] == "true"
            stranger = await hid.world.call("GET", f"{BASE}{path}")
            assert (stranger.status_code, stranger.headers["X-Mock-Assumed"]) == (401, "true")
        for path in documented:
            assert "X-Mock-Assumed" not in (await hid.call("GET", path)).headers
        await hid.world.steer("PATCH", "/settings", {"hidsim.profile": "documented"})
        for path in paths:
            answer = await hid.call("GET", path)
            refusal(answer, 404)
            assert "X-Mock-Assumed" not in answer.headers
        for path in documented[:-1]:
            assert (await hid.call("GET", path)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("DELETE", "/countries"), ("PUT", "/auth/login"), ("POST", "/operations"), ("GET", "/")],
)
async def test_unknown_routes_and_methods_are_404_in_the_envelope(method: str, path: str) -> None:
    async with hidsim() as hid:
        body = refusal(await hid.world.call(method, f"{BASE}{path}"), 404)
        assert body == {"statusCode": 404, "error": "Not Found", "message": "There is no such endpoint."}


@pytest.mark.parametrize(
    ("style", "schema"), [("message", "hidsim/error.message"), ("ok", "hidsim/error.ok"), ("boom", "hidsim/error")]
)
async def test_the_error_envelope_is_a_setting(style: str, schema: str) -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.steer("PATCH", "/settings", {"hidsim.error_envelope": style})
        for path in ("/nothing", "/operations/x", f"/operations/{operation['id']}/close", "/countries?limit=x"):
            answer = await hid.call("GET", path)
            assert SCHEMAS.checker(schema).check(answer.json()) == {}
            assert answer.status_code in (400, 404, 425)

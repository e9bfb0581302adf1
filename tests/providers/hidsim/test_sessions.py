"""Logging in, and every way a token can be wrong."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from mockserver.clockwork.clock import machine_now
from mockserver.providers.hidsim.wire import user_id
from mockserver.sandbox.view import RequestView
from tests.providers.hidsim.hid import BASE, PASSWORD, SCHEMAS, Hid, hidsim, refusal
from tests.support import START

pytestmark = pytest.mark.anyio
ISSUED = int(START.timestamp())


def part(data: Any) -> str:
    """A part of a token, as it is written."""
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    text = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return claims


async def me_with(hid: Hid, authorization: str | None) -> dict[str, Any]:
    """The 401 that /auth/me answers to this header."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await hid.world.call("GET", f"{BASE}/auth/me", headers=headers)
    body = refusal(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"
    return body


async def test_a_login_gives_a_token_of_24_hours_and_the_user() -> None:
    async with hidsim() as hid:
        answer = await hid.world.call(
            "POST", f"{BASE}/auth/login", json={"identifier": "partner@example.com", "password": PASSWORD}
        )
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert SCHEMAS.checker("hidsim/session").check(body) == {}
        claims = claims_of(body["token"])
        assert set(claims) == {"sub", "iat", "exp", "jti"}
        assert claims["sub"] == body["user"]["_id"]
        assert (claims["iat"], claims["exp"]) == (ISSUED, ISSUED + 24 * 3600)
        assert (body["user"]["email"], body["user"]["balance"]) == ("partner@example.com", 25)


async def test_two_logins_at_one_moment_give_two_tokens() -> None:
    async with hidsim() as hid:
        assert await hid.login() != await hid.login()


@pytest.mark.parametrize(
    ("identifier", "password"), [("partner@example.com", "wrong"), ("nobody@example.com", PASSWORD)]
)
async def test_a_wrong_password_and_a_stranger_meet_the_same_401(identifier: str, password: str) -> None:
    async with hidsim() as hid:
        answer = await hid.world.call(
            "POST", f"{BASE}/auth/login", json={"identifier": identifier, "password": password}
        )
        assert refusal(answer, 401)["message"] == "Identifier or password is wrong."
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"identifier", "password"}),
        ({"identifier": "", "password": "x"}, {"identifier"}),
        ({"identifier": "x" * 255, "password": "x" * 257}, {"identifier", "password"}),
        ({"identifier": 5, "password": None}, {"identifier", "password"}),
        ([1], {"body"}),
    ],
)
async def test_a_login_with_bad_fields_is_400_and_names_them(body: Any, paths: set[str]) -> None:
    async with hidsim() as hid:
        answer = await hid.world.call("POST", f"{BASE}/auth/login", json=body)
        assert {detail["path"] for detail in refusal(answer, 400)["details"]} == paths


async def test_a_login_that_is_not_json_is_400() -> None:
    async with hidsim() as hid:
        refusal(await hid.world.call("POST", f"{BASE}/auth/login", content=b"{"), 400)


async def test_a_disabled_account_is_403_at_login_and_with_a_token_it_still_has() -> None:
    async with hidsim() as hid:
        body = {"identifier": "disabled@example.com", "password": PASSWORD}
        refusal(await hid.world.call("POST", f"{BASE}/auth/login", json=body), 403)
        wrong = await hid.world.call("POST", f"{BASE}/auth/login", json={**body, "password": "wrong"})
        refusal(wrong, 401)
        await hid.login()
        await hid.world.steer("PATCH", "/accounts/hidsim/partner", {"status": "disabled"})
        for path in ("/auth/me", "/auth/renew", "/countries", "/operations", "/operations/nothing/close"):
            refusal(await hid.call("GET", path), 403)


async def test_a_renewed_token_is_another_one_and_the_old_stays_good() -> None:
    async with hidsim() as hid:
        old = await hid.login()
        await hid.world.advance("23h")
        body = await hid.get("/auth/renew")
        assert body["token"] != old
        assert claims_of(body["token"])["exp"] == ISSUED + 47 * 3600
        assert (await hid.get("/auth/me"))["username"] == "partner"
        await hid.world.advance("1h")
        assert (await me_with(hid, f"Bearer {old}"))["message"] == "The token has expired."
        refusal(await hid.call("GET", "/auth/renew"), 401)
        hid.token = body["token"]
        assert (await hid.get("/auth/me"))["username"] == "partner"


async def test_a_token_is_good_until_its_last_moment_and_expired_at_its_exp() -> None:
    async with hidsim() as hid:
        await hid.login()
        await hid.world.advance("86399.999s")
        await hid.get("/auth/me")
        await hid.world.advance("1ms")
        await me_with(hid, f"Bearer {hid.token}")


async def test_the_lifetime_is_a_setting() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.token_lifetime": "10m"})
        assert claims_of(await hid.login())["exp"] == ISSUED + 600


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic cGFydG5lcjpzZWNyZXQ=",
        "Token abc",
        "Bearer abc",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer ...",
        "Bearer a.b.c.d.e",
        "Bearer " + "a" * 5000 + ".b.c",
        "Bearer é.b.c",
    ],
)
async def test_a_missing_or_malformed_token_is_401(authorization: str | None) -> None:
    async with hidsim() as hid:
        headers = {} if authorization is None else {"Authorization": authorization.encode()}
        answer = await hid.world.call("GET", f"{BASE}/auth/me", headers=headers)
        refusal(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_that_was_tampered_with_is_401() -> None:
    async with hidsim() as hid:
        head, payload, signature = (await hid.login()).split(".")
        other = part({**claims_of(hid.token), "sub": user_id("poor")})
        flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
        for bad in (
            f"{head}.{other}.{signature}",
            f"{head}.{payload}.{flipped}",
            f"{head}.{payload}.",
            f"{part({'alg': 'none'})}.{payload}.",
            f"{part({'alg': 'none'})}.{payload}.{signature}",
            f"{part({'alg': 'HS512', 'typ': 'JWT'})}.{payload}.{signature}",
            f"{part([1])}.{payload}.{signature}",
            f"{head}.{part('text')}.{signature}",
        ):
            await me_with(hid, f"Bearer {bad}")
        await hid.get("/auth/me")


async def test_a_token_signed_by_somebody_else_is_401() -> None:
    async with hidsim() as hid:
        await hid.login()
        forged = jwt.encode({"alg": "HS256"}, claims_of(hid.token), OctKey.import_key("guess" * 8))
        await me_with(hid, f"Bearer {forged}")


@pytest.mark.parametrize(
    "change",
    [
        {"sub": None},
        {"sub": 5},
        {"sub": "67c2d0b00000000000000000"},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 10**30},
        {"exp": ISSUED},
        {"iat": None},
    ],
)
async def test_a_well_signed_token_that_says_something_else_is_401(change: dict[str, Any]) -> None:
    async with hidsim() as hid:
        await hid.login()
        claims = {name: value for name, value in {**claims_of(hid.token), **change}.items() if value is not None}
        sandbox = hid.world.app.sandboxes.known("default")
        assert sandbox is not None
        from mockserver.providers.hidsim.auth import tokens_of

        key = tokens_of(sandbox.state).key("default")
        await me_with(hid, f"Bearer {jwt.encode({'alg': 'HS256'}, claims, key)}")


async def test_a_token_of_another_sandbox_is_401() -> None:
    async with hidsim() as hid:
        other = Hid(hid.world.beside("other"))
        await me_with(hid, f"Bearer {await other.login()}")


async def test_the_scheme_is_read_in_any_case() -> None:
    async with hidsim() as hid:
        await hid.login()
        answer = await hid.world.call("GET", f"{BASE}/auth/me", headers={"Authorization": f"bearer {hid.token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/me"),
        ("GET", "/auth/renew"),
        ("GET", "/countries"),
        ("GET", "/countries/x"),
        ("GET", "/services"),
        ("GET", "/services/search?q=wa"),
        ("GET", "/services/x"),
        ("GET", "/products"),
        ("GET", "/products/x"),
        ("POST", "/products/instant1/purchase"),
        ("POST", "/services/instant1/purchase"),
        ("GET", "/operations"),
        ("GET", "/operations/x"),
        ("GET", "/operations/x/refetch"),
        ("GET", "/operations/x/close"),
        ("GET", "/operations/x/refund"),
        ("GET", "/transactions"),
    ],
)
async def test_everything_but_the_login_needs_a_token(method: str, path: str) -> None:
    async with hidsim() as hid:
        answer = await hid.world.call(method, f"{BASE}{path}")
        refusal(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_twenty_failed_logins_close_the_door_for_fifteen_minutes() -> None:
    async with hidsim(rate_limits="documented") as hid:

        async def attempt(identifier: str, password: str) -> Any:
            body = {"identifier": identifier, "password": password}
            return await hid.world.call("POST", f"{BASE}/auth/login", json=body)

        for _ in range(20):
            refusal(await attempt("partner@example.com", "wrong"), 401)
        await hid.world.advance("5m")
        answer = await attempt("partner@example.com", PASSWORD)
        assert refusal(answer, 429)["retryAfter"] == 600
        assert answer.headers["Retry-After"] == "600"
        assert (await attempt("poor@example.com", PASSWORD)).status_code == 200
        await hid.world.advance("10m")
        assert (await attempt("partner@example.com", PASSWORD)).status_code == 200


async def test_tokens_and_passwords_never_enter_the_journal() -> None:
    async with hidsim() as hid:
        await hid.login()
        renewed = (await hid.get("/auth/renew"))["token"]
        kept = json.dumps(await hid.world.steer("GET", "/requests"))
        for secret in (PASSWORD, hid.token, renewed):
            assert secret not in kept


async def test_accept_any_key_opens_an_account_at_login() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"accept_any_key": True})
        stranger = Hid(hid.world, "stranger@example.org")
        assert await stranger.balance() == 25


async def attempt(hid: Hid, identifier: str, password: str = PASSWORD) -> Any:
    """The answer to a login."""
    body = {"identifier": identifier, "password": password}
    return await hid.world.call("POST", f"{BASE}/auth/login", json=body)


@pytest.mark.parametrize(
    "identifier",
    [
        "PARTNER@example.com",
        " partner@example.com ",
        "Partner@Example.COM",
        "partner",
        "PARTNER",
        "\tPartner\n",
    ],
)
async def test_the_identifier_is_the_email_or_the_user_name_in_any_case_trimmed(identifier: str) -> None:
    async with hidsim() as hid:
        answer = await attempt(hid, identifier)
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["email"] == "partner@example.com"
        for password in ("wrong", PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} "):
            assert (
                refusal(await attempt(hid, identifier, password), 401)["message"] == "Identifier or password is wrong."
            )
        refusal(await attempt(hid, "disabled"), 403)


async def test_every_account_has_the_names_that_it_shows() -> None:
    async with hidsim() as hid:
        credentials = {"identifier": "Bob@Corp.test", "password": "hunter2hunter2"}
        await hid.world.steer("POST", "/accounts/hidsim", {"id": "bob", "credentials": credentials})
        await hid.world.steer(
            "POST", "/accounts/hidsim", {"id": "ann", "credentials": {**credentials, "identifier": "Anna"}}
        )
        names = (
            *(("bob@corp.test", "bob"), ("BOB", "bob"), ("bob@EXAMPLE.com", "bob")),
            *(("anna", "ann"), ("ANN@example.com", "ann"), ("Ann", "ann")),
        )
        for identifier, user in names:
            answer = await attempt(hid, identifier, "hunter2hunter2")
            assert answer.json()["user"]["username"] == user
        await hid.world.steer("PATCH", "/accounts/hidsim/bob", {"username": "Robert", "email": "rob@corp.test"})
        for identifier in ("robert", "ROB@corp.test", "bob@corp.test"):
            assert (await attempt(hid, identifier, "hunter2hunter2")).json()["user"]["username"] == "Robert"
        refusal(await attempt(hid, "bob", "hunter2hunter2"), 401)
        refusal(await attempt(hid, "bob", PASSWORD), 401)
        taken = {"id": "rob", "credentials": {**credentials, "identifier": "BOB@corp.test"}}
        assert (await hid.world.control("POST", "/accounts/hidsim", taken)).status_code == 422


async def test_names_work_on_after_a_snapshot_of_the_sandbox() -> None:
    async with hidsim() as hid:
        credentials = {"identifier": "Bob@Corp.test", "password": "hunter2hunter2"}
        await hid.world.steer("POST", "/accounts/hidsim", {"id": "bob", "credentials": credentials})
        state = await hid.world.steer("GET", "/state")
        await hid.world.steer("POST", "/reset")
        refusal(await attempt(hid, "bob", "hunter2hunter2"), 401)
        await hid.world.steer("PUT", "/state", state)
        for identifier in ("bob@corp.test", "Bob", "PARTNER"):
            password = PASSWORD if identifier == "PARTNER" else "hunter2hunter2"
            assert (await attempt(hid, identifier, password)).status_code == 200


async def test_failures_of_one_identifier_count_together_however_it_is_written() -> None:
    async with hidsim(rate_limits="documented") as hid:
        for identifier in ("partner", "PARTNER", " Partner ", "partneR") * 5:
            refusal(await attempt(hid, identifier, "wrong"), 401)
        refusal(await attempt(hid, "partner"), 429)
        assert (await attempt(hid, "poor@example.com")).status_code == 200


async def test_accept_any_key_opens_one_account_for_one_identifier_and_keeps_known_names() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"accept_any_key": True})
        first = (await attempt(hid, "Stranger@example.org", "pw")).json()["user"]
        again = (await attempt(hid, " stranger@EXAMPLE.org", "pw")).json()["user"]
        assert first["_id"] == again["_id"]
        assert (await attempt(hid, "partner")).json()["user"]["email"] == "partner@example.com"


async def test_an_account_opened_by_a_test_can_log_in() -> None:
    async with hidsim() as hid:
        made = await hid.world.steer("POST", "/accounts/hidsim", {"id": "tester", "balance": "7.5"})
        answer = await hid.world.call("POST", f"{BASE}/auth/login", json=made["credentials"])
        assert answer.json()["user"]["balance"] == 7.5


async def test_tokens_are_judged_by_the_sandbox_s_clock_and_not_by_the_machine_s() -> None:
    async with hidsim() as hid:
        assert abs(machine_now() - START) > timedelta(days=2), "the frozen clock is far from the machine's"
        await hid.login()
        await hid.get("/auth/me")


GHOST = """\
scenario: ghosts
provider: hidsim
about: A user of its own.
accounts:
  - id: ghost
    credentials: {identifier: ghost@example.com, password: ghost-password}
    balance: "500.00"
    details: {email: ghost@example.com, username: ghost}
"""


async def test_the_token_of_a_user_whom_only_a_request_has_is_good_in_such_requests_alone() -> None:
    async with hidsim() as hid:
        await hid.world.steer("POST", "/scenarios", content=GHOST)
        login = {"identifier": "ghost@example.com", "password": "ghost-password"}
        ghostly = {"Prefer": "mock-scenario=ghosts"}
        answer = await hid.world.call("POST", f"{BASE}/auth/login", json=login, headers=ghostly)
        token = {"Authorization": f"Bearer {answer.json()['token']}"}
        # A user of the same scenario is there meanwhile.
        sandbox = hid.world.app.sandboxes.all()[0]
        view = RequestView(sandbox.state, ["ghosts"], None)
        await sandbox.guests.admit(view)
        assert (await hid.world.call("GET", f"{BASE}/auth/me", headers={**token, **ghostly})).status_code == 200
        refusal(await hid.world.call("GET", f"{BASE}/auth/me", headers=token), 401)
        refusal(await hid.world.call("POST", f"{BASE}/auth/login", json=login), 401)

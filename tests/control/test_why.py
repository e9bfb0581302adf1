"""Errors are explained where users look for them: unreachable URLs, deliveries, credentials, prices."""

from typing import Any

import pytest

from mockserver.webhooks.objections import objection_to
from mockserver.webhooks.targets import TargetGuard
from tests.outside import AcmeWorld, acme_running
from tests.support import World, running

pytestmark = pytest.mark.anyio
PUBLIC = "http://203.0.113.7/hook?token=s3cret"


async def test_a_webhook_url_that_nothing_can_reach_is_told_when_it_is_set(world: AcmeWorld) -> None:
    changed = await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": PUBLIC})
    (warning,) = changed["warnings"]
    assert warning["field"] == "webhook_url"
    assert "only loopback, private addresses and listed hosts" in warning["message"]
    assert "--webhook-hosts 203.0.113.7" in warning["message"]
    assert "s3cret" not in warning["message"]
    made = await world.steer("POST", "/accounts/acme", {"id": "mine", "webhook_url": "ftp://127.0.0.1/"})
    assert "only http and https" in made["warnings"][0]["message"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook", "http://10.0.0.5/", "http://[::1]:9/", None, ""])
async def test_a_webhook_url_that_may_be_reached_has_no_warning(world: AcmeWorld, url: str | None) -> None:
    assert "warnings" not in await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": url})


async def test_a_listed_host_has_no_warning() -> None:
    async with acme_running(webhook_hosts=("203.0.113.7",)) as world:
        assert "warnings" not in await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": PUBLIC})


async def test_whoever_sets_a_url_does_not_wait_for_a_dead_name_server() -> None:
    import asyncio

    async def never(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    async def nothing(host: str) -> list[str]:
        raise OSError("no such host")

    assert await objection_to(TargetGuard(lookup=never), "http://hooks.example/", patience=0) is None
    objection = await objection_to(TargetGuard(lookup=nothing), "http://hooks.example/")
    assert objection is not None
    assert "cannot be resolved: hooks.example" in objection


async def test_an_advance_says_why_deliveries_failed(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": PUBLIC})
    await world.rent()
    ran = await world.advance("8s")
    (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    (failure,) = ran["failures"]
    assert ran["failed"] == 1
    assert (failure["id"], failure["url"]) == (delivery["id"], "http://203.0.113.7/hook")
    assert failure["reason"] == delivery["attempts"][0]["detail"]
    assert "failures" not in await world.advance("0s")


async def test_of_many_failures_the_newest_twenty_are_told(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": PUBLIC})
    for _ in range(23):
        await world.rent()
    ran = await world.advance("8s")
    assert (ran["failed"], len(ran["failures"])) == (23, 20)
    assert {one["id"] for one in ran["failures"]} <= {f"dlv_{number:08d}" for number in range(1, 24)}


async def explained(world: World, request: str) -> dict[str, Any]:
    story: dict[str, Any] = (await world.steer("GET", f"/requests/{request}"))["explanation"]
    return story


async def test_a_401_is_explained_by_the_credentials_that_exist() -> None:
    """Of every kind: a key, a key and its secret, an id with a secret, a name and a password."""
    async with running() as world:
        answers = {
            "daisysim": await world.daisy("GET", "/balance", key="daisy-dmeo"),
            "doctorsim_v1": await world.call("GET", "/api.doctorsim.com/countries", headers={"DSIM_KEY": "x"}),
            "doctorsim_v2": await world.call("GET", "/api.doctorsim.com/v2/balance"),
            "hidsim": await world.call("GET", "/api.hidsim.com/auth/me"),
        }
        await world.steer("POST", "/accounts/daisysim", {"id": "mine", "credentials": {"key": "my-own-key"}})
        told = {
            provider: (await explained(world, answer.headers["x-mock-request-id"]))["credentials"]
            for provider, answer in answers.items()
        }
    assert {answer.status_code for answer in answers.values()} == {401}
    assert {"account": "demo", "credential": "daisy-demo"} in told["daisysim"]
    assert {"account": "mine", "credential": None} in told["daisysim"]
    assert {"account": "sandbox", "credential": "sandbox-key"} in told["doctorsim_v1"]
    assert {"account": "test_demo", "credential": "test_demo"} in told["doctorsim_v2"]
    assert {"account": "partner", "credential": "partner@example.com"} in told["hidsim"]
    for secret in ("sandbox-secret", "sk_demo", "secret-password", "my-own-key"):
        assert secret not in str(told)


async def test_a_request_that_went_well_needs_no_explanation_of_its_refusal(world: AcmeWorld) -> None:
    fine = await world.ask("GET", "/balance")
    assert not {"because", "credentials"} & (await explained(world, fine.headers["x-mock-request-id"])).keys()

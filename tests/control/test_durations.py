"""Durations of several parts, such as `1m30s`, wherever the control API, a scenario or the configuration reads one."""

from datetime import timedelta
from typing import Any

import pytest

from mockserver.config import load
from tests.control.problems import problem_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio

SCENARIO = """\
scenario: slow-tests
provider: acme
about: A code takes a minute and a half.
teaches: Patience.
rules:
  - name: slow
    when: {request.service: chat}
    then: {delays: {sms: 1m30s}}
"""


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/clock/advance", {"by": "1h30m"}, 200),
        ("PUT", "/clock", {"mode": "frozen", "per_poll": "1m30s"}, 200),
        ("PATCH", "/settings", {"acme.cancel_after": "1m30s"}, 200),
        ("POST", "/sandboxes", {"name": "short", "expires": "2d12h"}, 201),
        ("POST", "/faults", {"delay": "1s500ms"}, 201),
        ("POST", "/faults", {"wire": "reset", "until": "1m30s"}, 201),
        ("POST", "/faults", {"answer": {"mistake": "RateLimited", "retry_after": "1m30s"}}, 201),
        ("POST", "/faults", {"webhook": {"stale_timestamp": "1h30m"}}, 201),
        ("POST", "/faults", {"webhook": {"delay": {"uniform": ["1m30s", "2m30s"]}}}, 201),
    ],
)
async def test_a_duration_may_have_several_parts(
    world: AcmeWorld, method: str, path: str, body: Any, status: int
) -> None:
    answer = await world.control(method, path, body)
    assert answer.status_code == status, answer.text


async def test_the_clock_moves_by_the_sum_of_the_parts(world: AcmeWorld) -> None:
    before = (await world.steer("GET", "/clock"))["now"]
    assert before == "2026-01-31T12:00:00Z"
    assert (await world.steer("POST", "/clock/advance", {"by": "1h30m15s"}))["now"] == "2026-01-31T13:30:15Z"
    problem = problem_of(await world.control("POST", "/clock/advance", {"by": "30m1h"}), 422)
    assert "not a duration: '30m1h' (write 90s, 10m, 1h30m, 1d or a number of seconds)" in problem["detail"]


async def test_a_rule_of_a_scenario_may_wait_for_a_duration_of_several_parts(world: AcmeWorld) -> None:
    await world.control("POST", "/scenarios", content=SCENARIO)
    await world.steer("PUT", "/scenarios/active", ["slow-tests"])
    order = await world.rent()
    await world.advance("1m29s")
    assert (await world.steer("GET", f"/orders/acme/{order}"))["state"] == "waiting"
    await world.advance("1s")
    assert (await world.steer("GET", f"/orders/acme/{order}"))["state"] == "completed"


async def test_a_setting_of_several_parts_holds(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/settings", {"acme.cancel_after": "1m30s"})
    await world.steer("PUT", "/scenarios/active", ["no-sms"])
    order = await world.rent()
    await world.advance("1m29s")
    assert (await world.ask("POST", f"/orders/{order}/cancel")).status_code == 409
    await world.advance("1s")
    assert (await world.ask("POST", f"/orders/{order}/cancel")).status_code == 200


def test_the_configuration_takes_a_duration_of_several_parts() -> None:
    assert load({"sandbox_ttl": "1h30m"}, {}).sandbox_lifetime == timedelta(minutes=90)

"""Every refusal of the control API is a problem document."""

import gzip
import logging
from functools import partial
from typing import Any

import pytest
from starlette.types import Message

from mockserver.control.app import OPERATIONS
from tests.control.problems import fields_of, problem_of
from tests.support import World

#: The same bytes at any time of day, so that all processes collect the same tests.
_zipped = partial(gzip.compress, mtime=0)

pytestmark = pytest.mark.anyio
DEEP = b"[" * 100_000


def sample(path: str) -> str:
    return path.replace("{provider}", "acme").replace("{id}", "demo").replace("{name}", "x").replace("{kind}", "y")


@pytest.mark.parametrize("path", ["/nothing", "/clock/nothing", "/accounts/acme/demo/more", "/%00", "/%FF", "//clock"])
async def test_an_unknown_path_is_404(world: World, path: str) -> None:
    problem_of(await world.control("GET", path), 404)


async def test_outside_of_everything_the_answer_says_where_to_go(world: World) -> None:
    problem = problem_of(await world.call("GET", "/somewhere"), 404)
    assert problem["base_paths"] == ["/api.acme.example/v1"]
    assert problem["control"] == "/_mock"


ENDLESS = [one.path for one in OPERATIONS if one.endless]


@pytest.mark.parametrize("path", sorted({one.path for one in OPERATIONS}))
async def test_a_method_that_a_path_does_not_have_is_405_with_allow(world: World, path: str) -> None:
    answer = await world.control("OPTIONS", sample(path))
    problem_of(answer, 405)
    allowed = answer.headers["allow"].split(", ")
    methods = {one.method for one in OPERATIONS if one.path == path}
    assert allowed == sorted(methods | ({"HEAD"} if "GET" in methods else set()))


@pytest.mark.parametrize("path", sorted({one.path for one in OPERATIONS}))
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_what_allow_names_is_taken_and_nothing_else(world: World, path: str, method: str) -> None:
    allowed = (await world.control("OPTIONS", sample(path))).headers["allow"].split(", ")
    # Refused in its query, an answer that would not end is as good a proof.
    query = "?since=x" if path in ENDLESS else ""
    answer = await world.control(method, f"{sample(path)}{query}")
    assert (answer.status_code == 405) == (method not in allowed)


@pytest.mark.parametrize(
    "path", [one.path for one in OPERATIONS if one.method == "GET" and "{" not in one.path and not one.endless]
)
async def test_head_is_get_without_the_body(world: World, path: str) -> None:
    got, head = await world.control("GET", path), await world.control("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


WITH_BODY = [one for one in OPERATIONS if one.takes is not None]


@pytest.mark.parametrize("operation", WITH_BODY, ids=[one.name for one in WITH_BODY])
@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"a": NaN}', b"hello", b'{"a": "\xed\xa0\x80"}', DEEP, b'{"a": 1} x']
)
async def test_what_is_no_json_is_400(world: World, operation: object, body: bytes) -> None:
    path, method = sample(operation.path), operation.method  # type: ignore[attr-defined]
    problem = problem_of(await world.control(method, path, content=body), 400)
    assert problem["detail"].startswith("the body is not JSON: ")
    assert len(problem["detail"]) < 500


@pytest.mark.parametrize("operation", WITH_BODY, ids=[one.name for one in WITH_BODY])
@pytest.mark.parametrize("body", [b'"text"', b"5", b"null", b'{"event": 5, "id": 5}', b"[[1]]"])
async def test_json_of_another_shape_is_422_and_names_the_fields(world: World, operation: object, body: bytes) -> None:
    path, method = sample(operation.path), operation.method  # type: ignore[attr-defined]
    answer = await world.control(method, path, content=body)
    if body.startswith(b"{") and answer.status_code == 404:
        return  # the schema takes it, and there is no such thing
    problem = problem_of(answer, 422)
    assert problem["errors"]
    assert all(set(error) == {"field", "message"} for error in problem["errors"])


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/clock/advance"), ("POST", "/scenarios"), ("POST", "/inbox/in"), ("GET", "/clock")]
)
async def test_a_body_over_a_mebibyte_is_413(world: World, method: str, path: str) -> None:
    problem = problem_of(await world.control(method, path, content=b" " * (1024 * 1024 + 1)), 413)
    assert "1048576" in problem["detail"]


async def test_a_body_of_exactly_a_mebibyte_is_read(world: World) -> None:
    body = b'{"by": 1' + b" " * (1024 * 1024 - 9) + b"}"
    assert len(body) == 1024 * 1024
    assert (await world.control("POST", "/clock/advance", content=body)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/nobody/demo",
        "/accounts/acme/nobody",
        "/ledger/nobody/demo",
        "/ledger/acme/nobody",
        "/orders/nobody/1",
        "/orders/acme/1",
        "/orders?provider=nobody",
        "/machines/nobody/activation",
        "/machines/acme/nothing",
        "/scenarios/nothing",
        "/requests/req_99999999",
        "/webhooks/deliveries/dlv_99999999",
        "/sandboxes/nobody",
        "/openapi/nobody.json",
    ],
)
async def test_what_does_not_exist_is_404_and_named(world: World, path: str) -> None:
    problem_of(await world.control("GET", path), 404)


@pytest.mark.parametrize(
    "path",
    ["/requests?limit=0", "/requests?limit=x", "/requests?limit=1000000", "/orders?limit=-1", "/orders?limit=٣"],
)
async def test_a_limit_is_a_whole_number_within_bounds(world: World, path: str) -> None:
    assert fields_of(await world.control("GET", path)) == ["limit"]


async def test_a_query_of_too_many_fields_is_400(world: World) -> None:
    problem_of(await world.control("GET", "/orders?" + "&".join(f"a{number}=1" for number in range(2_000))), 400)


async def test_an_empty_body_is_an_empty_object(world: World) -> None:
    assert await world.steer("PATCH", "/settings", content=b" ") == await world.steer("GET", "/settings")


async def test_an_unexpected_failure_is_500_told_in_the_log_only(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = world.app.sandboxes.known("default")
    assert sandbox is not None

    def fail(*given: object, **more: object) -> None:
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(sandbox, "work", fail)
    with caplog.at_level(logging.ERROR, "mockserver"):
        answer = await world.control("GET", "/accounts")
    problem_of(answer, 500)
    assert "secret reason" not in answer.text
    assert "the secret reason" in caplog.text


@pytest.mark.parametrize("path", ["/_mock/inbox/in", "/api.acme.example/v1/orders"])
async def test_a_client_that_goes_away_is_no_failure(world: World, path: str, caplog: pytest.LogCaptureFixture) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"20")],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    sent = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    with caplog.at_level(logging.WARNING):
        await world.app(scope, receive, send)
    assert (sent, caplog.records) == ([], [])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/faults", {f"key{number}": 0 for number in range(50_000)}),
        ("PATCH", "/settings", {f"key{number}": 0 for number in range(50_000)}),
        ("POST", "/requests/count", {"body": {f"key{number}": 0 for number in range(1_001)}}),
        ("POST", "/faults", {"answer": {"status": 503, "headers": {f"k{number}": "" for number in range(1_001)}}}),
    ],
)
async def test_an_object_with_more_members_than_anybody_reads_is_422(
    world: World, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await world.control(method, path, body)
    assert fields_of(answer) == ["body"]
    assert len(answer.content) < 1_000


async def test_a_compressed_body_is_read(world: World) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = _zipped(b'{"by": "1h"}')
    answer = await world.control("POST", "/clock/advance", content=body, headers=headers)
    assert answer.json()["now"] == "2026-01-31T13:00:00Z"


async def test_a_compressed_snapshot_is_restored(world: World) -> None:
    snapshot = (await world.control("GET", "/state")).content
    await world.advance("1h")
    answer = await world.control("PUT", "/state", content=_zipped(snapshot), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [("br", b"{}", 415), ("gzip", b"{}", 422), ("gzip", _zipped(b" " * (64 << 20)), 413)],
)
async def test_a_body_that_cannot_be_decoded_is_refused(world: World, encoding: str, body: bytes, status: int) -> None:
    answer = await world.control("POST", "/clock/advance", content=body, headers={"Content-Encoding": encoding})
    problem = problem_of(answer, status)
    assert status != 415 or "'br'" in problem["detail"]


async def test_an_inbox_keeps_a_compressed_body_as_it_came(world: World) -> None:
    await world.control("POST", "/inbox/in", content=b"\x1f\x8bzipped", headers={"Content-Encoding": "gzip"})
    (message,) = (await world.steer("GET", "/inbox/in"))["received"]
    assert message["body"] == b"\x1f\x8bzipped".decode("utf-8", "replace")


@pytest.mark.parametrize("operation", WITH_BODY, ids=[one.name for one in WITH_BODY])
async def test_a_body_of_very_many_members_is_one_short_problem(world: World, operation: object) -> None:
    path, method = sample(operation.path), operation.method  # type: ignore[attr-defined]
    answer = await world.control(method, path, {f"key{number}": number for number in range(1_001)})
    problem_of(answer, 422)
    assert len(answer.content) < 500


async def test_of_many_unknown_names_some_are_told(world: World) -> None:
    many = {f"acme.x{number}": 1 for number in range(900)}
    for answer in (
        await world.control("PATCH", "/settings", many),
        await world.control("POST", "/faults", {"wire": "reset", **many}),
        await world.control("GET", "/clock?" + "&".join(f"a{number}=1" for number in range(900))),
    ):
        assert len(fields_of(answer)) == 20


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/reset"),
        ("DELETE", "/faults"),
        ("DELETE", "/requests"),
        ("DELETE", "/sandboxes/mine"),
        ("GET", "/orders"),
        ("POST", "/webhooks/deliveries/dlv_00000001/redeliver"),
    ],
)
async def test_a_body_that_would_be_ignored_is_refused(world: World, method: str, path: str) -> None:
    problem = problem_of(await world.control(method, path, {"seed": 5}), 422)
    [error] = problem["errors"]
    assert error["field"] == "seed"
    assert error["message"].endswith(" takes no body")
    problem = problem_of(await world.control(method, path, content="seed: 5"), 422)
    assert [error["field"] for error in problem["errors"]] == ["body"]


async def test_every_operation_without_a_body_takes_an_empty_object(world: World) -> None:
    assert (await world.control("POST", "/reset", content=" { } ")).status_code == 200

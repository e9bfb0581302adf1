"""The event stream in process: what comes, in which order, and to whom."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from mockserver.events.facts import TYPES
from mockserver.events.feed import KEPT, MOST_READERS
from mockserver.events.reader import MOST_WAITING
from tests.control.problems import problem_of
from tests.events.support import Stream
from tests.outside import acme_running
from tests.support import running

pytestmark = pytest.mark.anyio
EVENTS = "/_mock/events"


def lines(events: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(one["type"], one.get("what") or one.get("state") or one.get("status")) for one in events]


async def test_a_purchase_tells_of_money_order_and_request_in_the_order_of_their_commits() -> None:
    async with acme_running() as world, Stream(world.app, EVENTS) as stream:
        order = await world.rent()
        money, placed, request = [await stream.next() for _ in range(3)]
        assert (money["type"], money["amount"], money["order"]) == ("money", "-0.84", order)
        assert (placed["type"], placed["state"], placed["account"]) == ("order", "waiting", "demo")
        assert (request["type"], request["status"], request["order"]) == ("request", 201, order)
        assert money["cause"] == placed["cause"] == placed["request"] == request["request"] == "req_00000001"
        assert request["cause"] is None
        assert [one["id"] for one in (placed, request)] == [money["id"] + 1, money["id"] + 2]
        assert {one["sandbox"] for one in (money, placed, request)} == {"default"}
        assert request["moment"] == "2026-01-31T12:00:00Z"
        assert stream.headers["content-type"] == "text/event-stream"


async def test_a_timer_is_the_cause_of_what_it_does() -> None:
    async with acme_running() as world, Stream(world.app, f"{EVENTS}?types=order,clock") as stream:
        order = await world.rent()
        await world.advance("1d")
        events = await stream.until("clock")
        assert [one["type"] for one in events] == ["order", "order", "clock"]
        assert events[1]["cause"].startswith(f"timer:acme/{order}/")
        assert (events[1]["was"], "request" in events[1]) == ("waiting", False)


async def test_a_refused_request_leaves_no_trace_of_what_was_undone() -> None:
    async with acme_running() as world, Stream(world.app, EVENTS) as stream:
        await world.steer("PATCH", "/accounts/acme/demo", {"balance": "0.10"})
        assert (await world.ask("POST", "/orders", {"service": "chat"})).status_code >= 400
        await world.ask("GET", "/balance")
        events = await stream.until("request", operation="balance")
        assert [one["type"] for one in events] == ["money", "request", "request"]
        assert events[1]["mistake"] == "InsufficientBalance"


async def test_an_answer_that_a_fault_broke_on_the_wire_is_told_as_none() -> None:
    async with acme_running() as world, Stream(world.app, f"{EVENTS}?types=request") as stream:
        await world.steer("POST", "/faults", {"name": "cable", "wire": "reset"})
        with pytest.raises(httpx.ReadError):
            await world.ask("GET", "/balance")
        event = await stream.next()
        assert (event["status"], event["fault"]) == (0, "cable")
        assert " no answer in " in event["line"]


async def test_a_delivery_is_told_when_it_is_posted_and_with_each_attempt() -> None:
    async with acme_running() as world:
        await world.send_to("http://localhost:7460/_mock/inbox/in")
        order = await world.rent()
        async with Stream(world.app, f"{EVENTS}?types=webhook") as stream:
            await world.push(order)
            await world.advance("1s")
            posted, attempted = await stream.next(), await stream.next()
            assert (posted["what"], posted["order"], posted["delivery"]) == ("posted", order, "dlv_00000001")
            assert (attempted["what"], attempted["cause"]) == ("failed", "dlv_00000001")
            await world.steer("POST", "/webhooks/deliveries/dlv_00000001/redeliver")
            assert (await stream.next())["what"] == "redelivered"


async def test_clock_scenarios_faults_and_sandboxes_are_told() -> None:
    async with acme_running() as world, Stream(world.app, f"{EVENTS}?types=clock,scenario,fault,sandbox") as stream:
        await world.advance("90s")
        await world.steer("PUT", "/clock", {"mode": "scaled", "rate": 60})
        await world.steer("PUT", "/clock", {"mode": "frozen"})
        await world.steer("PUT", "/scenarios/active", ["quick"])
        await world.steer("POST", "/faults", {"name": "down", "answer": {"status": 503}})
        await world.ask("GET", "/balance")
        await world.steer("DELETE", "/faults")
        saved = await world.steer("GET", "/state")
        await world.steer("POST", "/reset")
        await world.steer("PUT", "/state", saved)
        events = await stream.until("sandbox", what="restored")
        assert [one["line"].partition(",")[0] for one in events] == [
            "clock frozen",
            "clock scaled (60 times real time)",
            "clock frozen",
            "scenarios active: quick",
            "fault down (flt_00000001) armed",
            "fault down (flt_00000001) struck req_00000001",
            "fault down (flt_00000001) disarmed",
            "sandbox default reset",
            "sandbox default restored",
        ]
        assert events[5]["cause"] == events[5]["request"] == "req_00000001"


async def test_a_stream_has_the_events_of_its_sandbox_and_a_star_those_of_all() -> None:
    async with acme_running() as world:
        other = world.beside("other")
        async with (
            Stream(world.app, EVENTS) as own,
            Stream(world.app, "/~other/_mock/events") as others,
            Stream(world.app, f"{EVENTS}?sandbox=*&types=request,sandbox") as all_,
        ):
            await world.ask("GET", "/balance")
            await other.ask("GET", "/balance")
            await world.steer("POST", "/sandboxes", {"name": "third"})
            assert (await own.next())["sandbox"] == "default"
            assert (await others.next())["sandbox"] == "other"
            told = [await all_.next() for _ in range(3)]
            assert [(one["type"], one["sandbox"]) for one in told] == [
                ("request", "default"),
                ("request", "other"),
                ("sandbox", "third"),
            ]


@pytest.mark.parametrize("way", ["since", "Last-Event-ID", "both"])
async def test_a_reader_goes_on_after_an_id(way: str) -> None:
    async with acme_running() as world:
        async with Stream(world.app, f"{EVENTS}?types=request") as first:
            await world.ask("GET", "/balance")
            last = (await first.next())["id"]
        await world.ask("GET", "/orders")
        query = {"since": f"&since={last}", "Last-Event-ID": "", "both": "&since=1"}[way]
        headers = {} if way == "since" else {"Last-Event-ID": str(last)}
        async with Stream(world.app, f"{EVENTS}?types=request{query}", headers=headers) as second:
            await world.ask("GET", "/balance")
            assert [(await second.next())["id"] - last for _ in range(2)] == [1, 2]


async def test_without_an_id_only_new_events_come_and_the_head_says_the_newest() -> None:
    async with acme_running() as world:
        await world.ask("GET", "/balance")
        async with Stream(world.app, EVENTS) as stream:
            await world.ask("GET", "/orders")
            event = await stream.next()
            assert event["operation"] == "orders"
            assert int(stream.headers["X-Mock-Event-Id"]) == event["id"] - 1


async def test_an_id_of_an_earlier_run_stands_for_the_beginning_of_this_one() -> None:
    async with acme_running() as world:
        earlier = world.app.shared.feed.newest
    async with acme_running() as world:
        assert world.app.shared.feed.newest > earlier
        await world.ask("GET", "/balance")
        for since in (earlier, 0, 10**18):
            async with Stream(world.app, f"{EVENTS}?since={since}") as stream:
                assert lines([await stream.next(), await stream.next()]) == [("sandbox", "made"), ("request", 200)]


async def test_what_is_not_kept_any_more_is_counted_as_lost() -> None:
    async with acme_running() as world:
        begin = world.app.shared.feed.newest - 1
        for number in range(KEPT + 9):
            await world.steer("PUT", "/clock", {"now": f"2026-02-01T12:00:00.{number:06d}Z"})
        async with Stream(world.app, f"{EVENTS}?since=0") as stream:
            assert await stream.next() == {"lost": 10}
            assert (await stream.next())["id"] == begin + 11
            events = await stream.until("clock", id=world.app.shared.feed.newest)
            assert len(events) == KEPT - 1


async def test_a_reader_that_stops_reading_loses_the_oldest_and_is_told_how_many() -> None:
    async with acme_running() as world, Stream(world.app, EVENTS) as stream:
        stream.pause()
        await world.steer("PUT", "/clock", {"now": "2026-02-01T12:00:00Z"})
        first = await stream.next()
        for number in range(1, MOST_WAITING + 8):
            await world.steer("PUT", "/clock", {"now": f"2026-02-01T12:00:00.{number:06d}Z"})
        stream.go_on()
        assert await stream.next() == {"lost": 7}
        assert (await stream.next())["id"] == first["id"] + 8
        await world.ask("GET", "/balance")
        assert len(await stream.until("request")) == MOST_WAITING


async def test_a_heartbeat_is_a_comment() -> None:
    async with acme_running() as world, Stream(world.app, EVENTS) as stream:
        assert (await stream.raw() or "").startswith(":")
        world.app.shared.feed.beat()
        assert await stream.raw() == ": still here"


async def test_readers_that_leave_are_forgotten_and_too_many_are_refused() -> None:
    async with acme_running() as world:
        feed = world.app.shared.feed
        streams = [Stream(world.app, EVENTS) for _ in range(MOST_READERS)]
        for stream in streams:
            await stream.__aenter__()
        assert feed.streams == MOST_READERS
        async with Stream(world.app, EVENTS) as refused:
            assert (refused.status, (await refused.body())["title"]) == (429, "Too many")
        for stream in streams:
            await stream.__aexit__()
        assert feed.streams == 0
        async with Stream(world.app, EVENTS) as again:
            assert again.status == 200


async def test_a_stream_ends_when_its_sandbox_is_deleted() -> None:
    async with (
        acme_running() as world,
        Stream(world.app, "/~gone/_mock/events") as stream,
        Stream(world.app, EVENTS) as other,
    ):
        await world.steer("DELETE", "/sandboxes/gone")
        assert lines(await stream.rest()) == [("sandbox", "deleted")]
        await world.ask("GET", "/balance")
        assert (await other.next())["type"] == "request"


async def test_a_stream_ends_when_the_application_does() -> None:
    async with acme_running() as world:
        stream = Stream(world.app, EVENTS)
        await stream.__aenter__()
        await world.ask("GET", "/balance")
    assert lines(await stream.rest()) == [("request", 200)]
    assert world.app.shared.feed.streams == 0


async def test_a_reader_does_not_keep_a_sandbox_but_finds_it_made() -> None:
    async with acme_running() as world, Stream(world.app, "/~watched/_mock/events"):
        place = world.app.sandboxes.place("watched")
        assert place is not None
        assert place.visits == 0


async def test_a_sandbox_that_is_made_or_deleted_is_told_once() -> None:
    async with acme_running() as world, Stream(world.app, f"{EVENTS}?sandbox=*") as stream:
        typo = world.beside("typo")
        assert (await typo.ask("GET", "/balance", key="wrong")).status_code == 401
        await world.steer("POST", "/sandboxes", {"name": "kept"})
        await world.steer("DELETE", "/sandboxes/kept")
        events = await stream.until("sandbox", sandbox="kept", what="deleted")
        assert [(one["sandbox"], *lines([one])[0]) for one in events] == [
            ("typo", "sandbox", "made"),
            ("typo", "request", 401),
            ("typo", "sandbox", "deleted"),
            ("kept", "sandbox", "made"),
            ("kept", "sandbox", "deleted"),
        ]


async def test_an_invented_history_is_one_event() -> None:
    async with running() as world, Stream(world.app, f"{EVENTS}?sandbox=*") as stream:
        await world.steer("POST", "/sandboxes", {"name": "past", "populate": {"orders": 5}})
        await world.steer("POST", "/populate", {"orders": 3, "over": "1h"})
        assert lines(await stream.until("sandbox", what="populated")) == [("sandbox", "made"), ("sandbox", "populated")]


async def test_a_sandbox_that_is_deleted_while_it_is_reset_is_told_to_be_deleted() -> None:
    async with running() as world, Stream(world.app, f"{EVENTS}?sandbox=*") as stream:
        await world.steer("POST", "/sandboxes", {"name": "past", "populate": {"orders": 50}})
        reset = asyncio.ensure_future(world.beside("past").control("POST", "/reset"))
        place = world.app.sandboxes.place("past")
        assert place is not None
        before = place.sandbox.state
        while place.sandbox.state is before:
            assert not reset.done()
            await asyncio.sleep(0)
        await world.steer("DELETE", "/sandboxes/past")
        assert (await reset).status_code == 409
        await world.daisy("GET", "/balance")
        assert lines(await stream.until("request")) == [
            ("sandbox", "made"),
            ("sandbox", "deleted"),
            ("request", 200),
        ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("types=requests", "types: unknown type: 'requests' (did you mean 'request'?)"),
        ("types=", f"types: unknown type: '' (one of {', '.join(TYPES)})"),
        ("since=new", "since: must be the id of an event, a whole number: 'new'"),
        ("since=-1", "since: must be the id of an event, a whole number: '-1'"),
        ("sandbox=other", "sandbox: must be * for all of them, or left out: 'other' (/~NAME is one's path)"),
        ("type=order", "type: unknown query parameter (did you mean 'types'?)"),
    ],
)
async def test_a_query_that_cannot_be_is_refused(query: str, message: str) -> None:
    async with acme_running() as world:
        answer = await world.control("GET", f"/events?{query}")
        assert problem_of(answer, 422)["detail"] == message
        assert world.app.shared.feed.streams == 0


async def test_a_bad_last_event_id_is_refused_by_its_name() -> None:
    async with acme_running() as world:
        answer = await world.control("GET", "/events", headers={"Last-Event-ID": "x"})
        assert problem_of(answer, 422)["detail"] == "Last-Event-ID: must be the id of an event, a whole number: 'x'"


async def test_head_tells_the_headers_and_opens_no_reader() -> None:
    async with acme_running() as world:
        answer = await world.control("HEAD", "/events")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        assert world.app.shared.feed.streams == 0


async def test_a_stream_needs_the_token_where_there_is_one() -> None:
    async with acme_running(token="geheim") as world:
        assert (await world.control("GET", "/events")).status_code == 401
        headers = {"X-Mock-Token": "geheim"}
        async with Stream(world.app, f"{EVENTS}?sandbox=*", headers=headers) as stream:
            await world.ask("GET", "/balance")
            assert (await stream.next())["type"] == "request"


async def test_readers_of_the_same_events_get_the_same_bytes() -> None:
    async with acme_running() as world, Stream(world.app, EVENTS) as one, Stream(world.app, EVENTS) as two:
        await asyncio.gather(*(world.ask("GET", "/balance") for _ in range(9)))
        assert [await one.raw() for _ in range(10)] == [await two.raw() for _ in range(10)]


async def test_nothing_is_told_of_a_sandbox_after_its_end() -> None:
    async with acme_running() as world, Stream(world.app, f"{EVENTS}?sandbox=*") as stream:
        await world.steer("POST", "/sandboxes", {"name": "ending"})
        place = await world.app.sandboxes.enter("ending")
        await world.steer("DELETE", "/sandboxes/ending")
        await place.sandbox.advance(by=timedelta(seconds=1))
        await world.app.sandboxes.leave(place, accepted=True)
        await world.ask("GET", "/balance")
        events = await stream.until("request")
        assert lines(events) == [("sandbox", "made"), ("sandbox", "deleted"), ("request", 200)]

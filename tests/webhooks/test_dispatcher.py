"""Attempts against real receivers on loopback."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from mockserver.webhooks.dispatcher import Dispatcher
from mockserver.webhooks.model import Outcome
from mockserver.webhooks.targets import TargetGuard
from tests.webhooks.receivers import Visit, always, receiving

pytestmark = pytest.mark.anyio

SOON = 0.2
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@asynccontextmanager
async def dispatching(
    guard: TargetGuard | None = None, *, limit: float = 10.0, per_target: int = 16
) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(guard or TargetGuard(), timeout=limit, per_target=per_target)
    try:
        yield dispatcher
    finally:
        await dispatcher.close()


async def post(url: str, *, guard: TargetGuard | None = None, limit: float = 10.0) -> Outcome:
    async with dispatching(guard, limit=limit) as dispatcher:
        return await dispatcher.attempt(url=url, body=b"{}", headers={"Content-Type": "application/json"})


async def accept(visit: Visit) -> None:
    await visit.answer(NO_CONTENT)


async def hang(visit: Visit) -> None:
    await visit.receiver.hold.wait()


async def test_a_2xx_is_delivered() -> None:
    async with receiving(accept) as receiver, dispatching() as dispatcher:
        outcome = await dispatcher.attempt(
            url=receiver.url("/hook"),
            body='{"code": "ü"}'.encode(),
            headers={
                "Content-Type": "application/json",
                "X-Signature": "abc",
                "host": "evil.test",
                "Content-Length": "1",
            },
        )
    assert (outcome.verdict, outcome.status, outcome.body, outcome.detail) == ("delivered", 204, "", "")
    assert 0 <= outcome.milliseconds < 5_000
    (visit,) = receiver.visits
    assert visit.line == "POST /hook HTTP/1.1"
    assert visit.body == '{"code": "ü"}'.encode()
    assert visit.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "connection": "close",
        "content-type": "application/json",
        "x-signature": "abc",
        "user-agent": "mockserver",
        "content-length": "14",
    }


async def test_the_user_agent_is_the_notices_own_where_it_has_one() -> None:
    async with receiving(accept) as receiver, dispatching() as dispatcher:
        await dispatcher.attempt(url=receiver.url(), body=b"", headers={"user-AGENT": "Acme/1", "X-Name": "Zoë"})
    (visit,) = receiver.visits
    assert visit.headers["user-agent"] == "Acme/1"
    assert visit.headers["x-name"].encode("latin-1").decode() == "Zoë"
    assert visit.headers["content-length"] == "0"


async def test_path_and_query_arrive_as_written() -> None:
    async with receiving(accept) as receiver:
        await post(receiver.url("/a%2fb/../c;d?b=2&a=%7e+|&a=[1]&&empty=#part"))
        await post(receiver.url("?only=query"))
    assert [visit.line for visit in receiver.visits] == [
        "POST /a%2fb/../c;d?b=2&a=%7e+|&a=[1]&&empty= HTTP/1.1",
        "POST /?only=query HTTP/1.1",
    ]


async def test_another_status_is_an_answer() -> None:
    async def fail(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 500 Oh no\r\nX-Why: because\r\nContent-Length: 6\r\n\r\nbroken")

    async with receiving(fail) as receiver:
        outcome = await post(receiver.url())
    assert (outcome.verdict, outcome.status, outcome.body) == ("answered", 500, "broken")
    assert outcome.headers == (("X-Why", "because"), ("Content-Length", "6"))


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def elsewhere(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")

    async with receiving(elsewhere) as receiver:
        outcome = await post(receiver.url())
    assert (outcome.verdict, outcome.status) == ("answered", 302)
    assert [visit.line for visit in receiver.visits] == ["POST /hook HTTP/1.1"]


async def test_an_interim_answer_is_not_the_answer() -> None:
    async def patient(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 103 Early Hints\r\n\r\n", NO_CONTENT)

    async with receiving(patient) as receiver:
        assert (await post(receiver.url())).status == 204


async def test_a_receiver_that_never_answers_times_out() -> None:
    async with receiving(hang) as receiver:
        outcome = await post(receiver.url(), limit=SOON)
        assert receiver.visits
    assert (outcome.verdict, outcome.status) == ("timeout", None)
    assert outcome.detail == "no complete answer within 0.2 s"
    assert SOON * 1000 <= outcome.milliseconds < 2_000


async def test_an_answer_that_drips_times_out_as_a_whole() -> None:
    """Every byte comes in time, so that only a limit on the whole can end it."""

    async def drip(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not visit.receiver.hold.is_set():
            await visit.answer(b".")
            try:
                await asyncio.wait_for(visit.receiver.hold.wait(), SOON / 10)
            except TimeoutError:
                continue

    async with receiving(drip) as receiver:
        outcome = await asyncio.wait_for(post(receiver.url(), limit=SOON), 5)
    assert outcome.verdict == "timeout"


async def test_only_the_beginning_of_a_long_answer_is_read_and_less_of_it_kept() -> None:
    written = 0

    async def talk(visit: Visit) -> None:
        nonlocal written
        await visit.answer(b"HTTP/1.1 200 OK\r\n\r\n.")
        while not visit.receiver.hold.is_set():
            await visit.answer("é".encode() * 500)
            written += 1000

    async with receiving(talk) as receiver:
        outcome = await post(receiver.url())
    assert outcome.verdict == "delivered"
    assert outcome.body == "." + "é" * 2047  # 4,096 bytes would end in half a character
    assert written > 4_096


async def test_bytes_that_are_no_text_are_replaced() -> None:
    async def mumble(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\na\xff\x00\xc3")

    async with receiving(mumble) as receiver:
        assert (await post(receiver.url())).body == "a\ufffd\x00\ufffd"


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x01\x02\xff",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus one\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_garbage(answer: bytes) -> None:
    async def babble(visit: Visit) -> None:
        await visit.answer(answer)

    async with receiving(babble) as receiver:
        outcome = await post(receiver.url())
    assert (outcome.verdict, outcome.status) == ("garbage", None)
    assert outcome.detail.startswith("not an HTTP answer: ")


async def test_a_receiver_that_closes_at_once_is_unreachable() -> None:
    async def leave(visit: Visit) -> None:
        visit.writer.close()

    async with receiving(leave) as receiver:
        outcome = await post(receiver.url())
    assert outcome.verdict == "unreachable"
    assert outcome.detail == f"127.0.0.1:{receiver.port} closed the connection before it had answered"


async def test_a_reset_is_unreachable() -> None:
    async def reset(visit: Visit) -> None:
        visit.writer.transport.abort()

    async with receiving(reset) as receiver:
        assert (await post(receiver.url())).verdict == "unreachable"


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_a_closed_port_is_unreachable() -> None:
    port = closed_port()
    outcome = await post(f"http://127.0.0.1:{port}/")
    assert outcome.verdict == "unreachable"
    assert f"127.0.0.1:{port}" in outcome.detail
    assert "refused" in outcome.detail or "failed" in outcome.detail


@pytest.mark.parametrize("addresses", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
async def test_a_host_with_two_addresses_is_reached_at_the_one_that_listens(addresses: tuple[str, str]) -> None:
    async with receiving(accept) as receiver:
        outcome = await post(receiver.url(host="two.test"), guard=always(*addresses))
    assert outcome.verdict == "delivered"
    assert receiver.visits[0].headers["host"] == f"two.test:{receiver.port}"


async def test_a_refused_target_gets_no_connection() -> None:
    async with receiving(accept) as receiver:
        guard = always("127.0.0.1", "169.254.169.254")
        link_local = await post(receiver.url(host="metadata.test"), guard=guard)
        public = await post(receiver.url(host="public.test"), guard=always("93.184.216.34"))
        nonsense = await post("no URL")
    assert not receiver.visits
    assert {one.verdict for one in (link_local, public, nonsense)} == {"refused_target"}
    assert "link-local address: metadata.test is 169.254.169.254" in link_local.detail


async def test_a_name_that_changes_its_address_is_connected_to_as_judged() -> None:
    answers = ["127.0.0.1", "169.254.169.254"]
    asked = []

    async def rebinding(host: str) -> Sequence[str]:
        asked.append(host)
        return [answers[len(asked) - 1]]

    async with receiving(accept) as receiver, dispatching(TargetGuard(lookup=rebinding)) as dispatcher:
        url = receiver.url(host="rebinding.test")
        first = await dispatcher.attempt(url=url, body=b"", headers={})
        assert (first.verdict, asked) == ("delivered", ["rebinding.test"])
        second = await dispatcher.attempt(url=url, body=b"", headers={})
    assert (second.verdict, len(receiver.visits)) == ("refused_target", 1)


async def test_an_unknown_name_is_unreachable_and_a_slow_lookup_a_timeout() -> None:
    async def unknown(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def silent(host: str) -> Sequence[str]:
        await asyncio.get_running_loop().create_future()
        return []

    outcome = await post("http://nobody.test/", guard=TargetGuard(lookup=unknown))
    assert (outcome.verdict, "nobody.test" in outcome.detail) == ("unreachable", True)
    outcome = await post("http://slow.test/", guard=TargetGuard(lookup=silent), limit=SOON)
    assert (outcome.verdict, outcome.detail) == ("timeout", "the host name was not resolved within 0.2 s")


async def test_no_more_than_per_target_go_to_one_receiver_at_a_time() -> None:
    gate = asyncio.Event()

    async def gated(visit: Visit) -> None:
        if visit.receiver.open_now == 2:
            gate.set()
        await gate.wait()
        await visit.answer(NO_CONTENT)

    async with receiving(gated) as receiver, dispatching(per_target=2) as dispatcher:
        attempts = [dispatcher.attempt(url=receiver.url(), body=b"", headers={}) for _ in range(8)]
        outcomes = await asyncio.wait_for(asyncio.gather(*attempts), 5)
    assert {outcome.verdict for outcome in outcomes} == {"delivered"}
    assert len(receiver.visits) == 8
    assert receiver.most_open == 2
    assert dispatcher.busy == 0


async def test_a_hanging_receiver_does_not_delay_another() -> None:
    """Not even while more hang, or wait for their turn, than a connection pool would take by default."""
    crowded = asyncio.Event()

    async def gather_and_hang(visit: Visit) -> None:
        if visit.receiver.open_now == 101:
            crowded.set()
        await hang(visit)

    async with (
        receiving(gather_and_hang) as slow,
        receiving(accept) as quick,
        dispatching(per_target=101) as dispatcher,
    ):
        stuck = [asyncio.create_task(dispatcher.attempt(url=slow.url(), body=b"", headers={})) for _ in range(105)]
        await asyncio.wait_for(crowded.wait(), 5)
        outcome = await asyncio.wait_for(dispatcher.attempt(url=quick.url(), body=b"", headers={}), 5)
        assert outcome.verdict == "delivered"
        for task in stuck:
            task.cancel()
        await asyncio.wait(stuck)
        assert all(task.cancelled() for task in stuck)
    assert dispatcher.busy == 0


async def test_waiting_for_a_turn_is_not_counted_as_time() -> None:
    async def pause(visit: Visit) -> None:
        if len(visit.receiver.visits) == 1:
            await visit.receiver.hold.wait()
        await visit.answer(NO_CONTENT)

    async with receiving(pause) as receiver, dispatching(limit=SOON, per_target=1) as dispatcher:
        attempts = [dispatcher.attempt(url=receiver.url(), body=b"", headers={}) for _ in range(2)]
        first, second = await asyncio.gather(*attempts)
    assert (first.verdict, second.verdict) == ("timeout", "delivered")


async def test_a_header_that_cannot_be_sent_is_told_and_not_raised() -> None:
    async with receiving(accept) as receiver, dispatching() as dispatcher:
        outcome = await dispatcher.attempt(url=receiver.url(), body=b"", headers={"X-Bad": "a\r\nb"})
        assert outcome.verdict == "unreachable"
        assert outcome.detail.startswith("the request could not be sent: ")
    assert not receiver.visits


async def test_the_environments_proxies_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    async with receiving(accept) as receiver:
        assert (await post(receiver.url())).verdict == "delivered"


async def test_closing_ends_what_is_under_way_and_what_comes_later() -> None:
    async with receiving(hang) as receiver, dispatching() as dispatcher:
        running = asyncio.create_task(dispatcher.attempt(url=receiver.url(), body=b"", headers={}))
        await receiver.arrived.wait()
        await dispatcher.close()
        assert (await asyncio.wait_for(running, 5)).verdict == "unreachable"
        later = await dispatcher.attempt(url=receiver.url(), body=b"", headers={})
    assert (later.verdict, later.detail) == ("unreachable", "the dispatcher is closed")


def test_nothing_heavy_is_imported_before_the_first_attempt() -> None:
    code = "import sys, mockserver.webhooks.dispatcher; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_of_very_many_headers_of_an_answer_the_first_ones_are_kept() -> None:
    async def boast(visit: Visit) -> None:
        lines = "".join(f"X-{number}: {'v' * 1_000}\r\n" for number in range(30))
        await visit.answer(f"HTTP/1.1 204 No Content\r\n{lines}\r\n".encode())

    async with receiving(boast) as receiver:
        outcome = await post(receiver.url())
    assert outcome.verdict == "delivered"
    assert [name for name, _ in outcome.headers] == [f"X-{number}" for number in range(8)]

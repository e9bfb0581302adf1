"""Connections on which nothing happens end after a while of real time; the others do not. In process."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from mockserver.http.way_in import DIRECT
from mockserver.listener.connections import IDLE, SWEEP, Connections
from mockserver.listener.http_protocol import HttpProtocol
from mockserver.listener.options import ListenerOptions
from mockserver.listener.proxying import Proxy

TURNS = int(IDLE / SWEEP)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Transport(asyncio.Transport):
    """What a protocol writes, and how it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = ""
        self.reads = True
        self.unsent = 0

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def is_closing(self) -> bool:
        return bool(self.ended)

    def pause_reading(self) -> None:
        assert self.reads, "reading is paused once"
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.reads, "only what is paused is resumed"
        self.reads = True


class App:
    """Reads the body, then answers once it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.messages: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            self.messages.append(message)
            if not message["more_body"]:
                break
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


class Setting:
    """A server's connections, one of them open."""

    def __init__(self) -> None:
        self.app = App()
        loop = asyncio.get_running_loop()
        self.connections = Connections(self.app, {}, loop, Proxy(ListenerOptions()))
        self.transport = Transport()
        self.protocol = HttpProtocol(self.connections, DIRECT)
        self.protocol.connection_made(self.transport)

    def pass_turns(self, count: int) -> None:
        for _ in range(count):
            self.connections.sweep()

    async def say(self, data: bytes) -> None:
        self.protocol.data_received(data)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def setting() -> Any:
    one = Setting()
    yield one
    one.protocol.connection_lost(None)
    one.connections.close()


pytestmark = pytest.mark.anyio


async def test_a_connection_that_says_nothing_is_closed(setting: Setting) -> None:
    setting.pass_turns(TURNS - 1)
    assert setting.transport.ended == ""
    setting.pass_turns(1)
    assert (setting.transport.ended, setting.transport.written) == ("closed", b"")


async def test_the_time_counts_from_the_last_answer(setting: Setting) -> None:
    setting.pass_turns(TURNS - 1)
    await setting.say(GET)
    assert setting.transport.written.endswith(b"\r\n\r\nok")
    setting.pass_turns(TURNS - 1)
    assert setting.transport.ended == ""
    setting.pass_turns(1)
    assert setting.transport.ended == "closed"


@pytest.mark.parametrize("beginning", [GET[:20], b"GET / HTTP/1.1\r\n"])
async def test_a_head_that_trickles_in_is_answered_with_408(setting: Setting, beginning: bytes) -> None:
    await setting.say(beginning)
    for _ in range(TURNS):
        setting.pass_turns(1)
        await setting.say(b"X")
    assert setting.transport.ended == "closed"
    assert setting.transport.written.startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_stops_ends_the_connection_and_one_that_goes_on_does_not(setting: Setting) -> None:
    await setting.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
    for _ in range(2 * TURNS):
        setting.pass_turns(1)
        await setting.say(b"x")
    assert setting.transport.ended == ""
    setting.pass_turns(TURNS)
    assert setting.transport.ended == "aborted"


async def test_an_application_that_takes_long_is_waited_for(setting: Setting) -> None:
    setting.app.may_answer.clear()
    await setting.say(GET)
    setting.pass_turns(10 * TURNS)
    assert setting.transport.ended == ""
    setting.app.may_answer.set()
    await setting.say(b"")
    for _ in range(5):
        await asyncio.sleep(0)
    assert setting.transport.written.endswith(b"ok")


async def test_a_client_that_reads_nothing_is_not_waited_for(setting: Setting) -> None:
    setting.app.may_answer.clear()
    await setting.say(GET)
    setting.protocol.pause_writing()
    setting.pass_turns(TURNS)
    assert setting.transport.ended == "aborted"


async def test_a_client_that_reads_slowly_is_waited_for_and_one_that_stops_is_not(setting: Setting) -> None:
    setting.app.may_answer.clear()
    await setting.say(GET)
    setting.protocol.pause_writing()
    setting.transport.unsent = 10_000
    for _ in range(3 * TURNS):
        setting.transport.unsent -= 1
        setting.pass_turns(1)
    assert setting.transport.ended == ""
    setting.pass_turns(TURNS)
    assert setting.transport.ended == "aborted"


async def test_a_connection_that_cannot_be_closed_is_cut_off(setting: Setting) -> None:
    await setting.say(GET)
    setting.transport.unsent = 10_000
    setting.transport.close()
    setting.pass_turns(TURNS + 1)
    assert setting.transport.ended == "aborted"


async def test_a_client_that_reads_nothing_has_one_answer_kept_and_its_requests_unread(setting: Setting) -> None:
    setting.protocol.pause_writing()
    await setting.say(GET * 5)
    assert setting.transport.written.count(b"HTTP/1.1 200 OK") == 1
    assert setting.transport.reads is False
    setting.protocol.resume_writing()
    for _ in range(40):
        await asyncio.sleep(0)
    assert setting.transport.written.count(b"HTTP/1.1 200 OK") == 5
    assert setting.transport.reads is True


async def test_the_body_of_a_request_in_the_queue_may_come_later(setting: Setting) -> None:
    await setting.say(GET + b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
    assert setting.transport.reads is True
    await setting.say(b"body")
    assert setting.transport.written.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("behind", [b"}", b"\0", b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"])
async def test_what_cannot_be_read_behind_a_request_costs_it_no_answer(setting: Setting, behind: bytes) -> None:
    await setting.say(GET + behind)
    first, _, second = setting.transport.written.partition(b"ok")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert second.startswith(b"HTTP/1.1 4")
    assert setting.transport.ended == "closed"


@pytest.mark.parametrize(
    "chunks", [b"-1\r\n", b"0x2\r\nab\r\n", b"F" * 17 + b"\r\n", b"2\r\nabX", b"2\r\nab\r\ngarbage\r\n"]
)
async def test_a_body_in_broken_chunks_is_refused(setting: Setting, chunks: bytes) -> None:
    await setting.say(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert setting.transport.written.startswith(b"HTTP/1.1 400 ")
    assert setting.transport.ended == "closed"


async def test_an_old_client_is_not_asked_for_its_body(setting: Setting) -> None:
    await setting.say(b"POST / HTTP/1.0\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert setting.transport.written == b""


async def test_a_head_that_a_read_cuts_counts_alone(setting: Setting) -> None:
    many = GET * 3_000
    await setting.say(GET + many[:20])
    await setting.say(many[20:])
    for _ in range(30_000):
        if setting.transport.written.count(b"HTTP/1.1 200 OK") == 3_001:
            break
        await asyncio.sleep(0)
    assert setting.transport.written.count(b"HTTP/1.1 200 OK") == 3_001


async def test_the_sweep_runs_only_while_connections_are_open(setting: Setting) -> None:
    assert setting.connections.sweeping
    setting.protocol.connection_lost(None)
    setting.pass_turns(1)
    assert not setting.connections.sweeping


async def test_a_large_body_waits_until_the_application_takes_it(setting: Setting) -> None:
    setting.app.may_answer.clear()
    setting.protocol.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 70_000)
    assert setting.transport.reads is False
    for _ in range(5):
        await asyncio.sleep(0)
    assert setting.transport.reads is True
    assert sum(len(one["body"]) for one in setting.app.messages) == 70_000


async def test_pipelined_requests_wait_unread_until_their_turn(setting: Setting) -> None:
    setting.app.may_answer.clear()
    await setting.say(GET * 3)
    assert setting.transport.reads is False
    setting.app.may_answer.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert setting.transport.written.count(b"HTTP/1.1 200 OK") == 3
    assert setting.transport.reads is True


async def test_a_request_under_way_ends_before_a_stop_and_the_next_does_not_begin(setting: Setting) -> None:
    setting.app.may_answer.clear()
    await setting.say(GET * 2)
    setting.protocol.shutdown()
    setting.app.may_answer.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert setting.transport.written.count(b"HTTP/1.1 200 OK") == 1
    assert b"connection: close" in setting.transport.written
    assert setting.transport.ended == "closed"

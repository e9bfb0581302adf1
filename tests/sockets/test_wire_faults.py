"""Faults on the wire are real: what a client's socket sees, on either parser; and the exceptions in process."""

import select
import socket
import time
from typing import Any

import httpx
import pytest

from tests.outside import BASE, DEMO, acme_running
from tests.sockets.wire import HEAD_END, Wire, exchange, request

WAYS = ("httptools", "h11", "tls", "tunnel")
BALANCE = request("GET", f"{BASE}/balance", ("Authorization", "Bearer acme-demo"))


@pytest.fixture(autouse=True)
def disarmed(url: str) -> None:
    """Every test begins without faults."""
    httpx.delete(f"{url}/_mock/faults").raise_for_status()


def arm(url: str, **fault: Any) -> None:
    httpx.post(f"{url}/_mock/faults", json=fault).raise_for_status()


def last_entry(url: str) -> dict[str, Any]:
    entry: dict[str, Any] = httpx.get(f"{url}/_mock/requests?limit=1").json()["requests"][0]
    return entry


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def test_a_reset_is_a_tcp_reset_without_a_byte_of_an_answer(url: str) -> None:
    arm(url, name="rst", wire="reset", times=1)
    with Wire(url) as wire:
        wire.send(BALANCE)
        assert wire.is_reset()
    entry = last_entry(url)
    assert (entry["fault"], entry["status"], entry["faults"][0]["wire"]) == ("rst", 0, "reset")
    assert exchange(url, BALANCE).status == 200


def test_a_reset_on_a_kept_connection_comes_after_the_answers_before_it(url: str) -> None:
    with Wire(url) as wire:
        wire.send(BALANCE)
        assert wire.answer().status == 200
        arm(url, wire="reset", times=1)
        wire.send(BALANCE)
        assert wire.is_reset()


def test_an_empty_answer_is_a_closed_connection(url: str) -> None:
    arm(url, wire="empty", times=1)
    with Wire(url) as wire:
        wire.send(BALANCE)
        assert wire.socket.recv(1) == b""


def test_garbage_is_no_http_and_the_same_for_the_same_seed(url: str) -> None:
    arm(url, name="noise", wire="garbage")
    seen = []
    for _ in range(2):
        with Wire(url) as wire:
            wire.send(BALANCE)
            seen.append(read_to_end(wire.socket))
    assert all(len(noise) == 66 and not noise.startswith(b"HTTP") for noise in seen)
    assert seen[0] != seen[1]
    arm(url, name="noise", wire="garbage")
    with Wire(url) as wire:
        wire.send(BALANCE)
        assert read_to_end(wire.socket) == seen[0]


def test_a_cut_body_is_shorter_than_promised(url: str) -> None:
    whole = exchange(url, BALANCE)
    arm(url, wire={"cut": 0.4}, times=1)
    with Wire(url) as wire:
        wire.send(BALANCE)
        head, _, body = read_to_end(wire.socket).partition(HEAD_END)
    assert b"content-length: %d" % len(whole.body) in head.lower()
    assert body == whole.body[: int(len(whole.body) * 0.4)]
    row = last_entry(url)["faults"][0]
    assert (row["sent_bytes"], row["of_bytes"]) == (len(body), len(whole.body))


def test_a_drip_takes_its_time_and_is_whole(url: str) -> None:
    whole = exchange(url, BALANCE)
    arm(url, wire={"drip": "1kB/s"}, times=1)
    began = time.monotonic()
    with Wire(url) as wire:
        wire.send(BALANCE)
        answer = wire.answer()
    assert answer.body == whole.body
    # The last piece needs no pause behind it.
    assert time.monotonic() - began >= (len(whole.body) - 50) / 1000


def test_a_drip_ends_with_its_client(url: str) -> None:
    arm(url, wire={"drip": "1B/s"}, times=1)
    with Wire(url) as wire:
        wire.send(BALANCE)
        while HEAD_END not in wire.held:
            wire.read_more()
    for _ in range(200):
        row = last_entry(url)["faults"][0]
        if "sent_bytes" in row:
            break
        select.select([], [], [], 0.01)
    assert row["sent_bytes"] < row["of_bytes"]


@pytest.mark.parametrize(("stage", "bought"), [("before", 0), ("after", 1)])
def test_a_purchase_may_be_made_though_its_answer_is_lost(url: str, stage: str, bought: int) -> None:
    sandbox = f"{url}/~{stage}-{url.rpartition(':')[2]}"
    httpx.post(f"{sandbox}/_mock/faults", json={"wire": "empty", "stage": stage, "times": 1}).raise_for_status()
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{sandbox}{BASE}/orders", json={"service": "chat"}, headers=DEMO)
    assert len(httpx.get(f"{sandbox}/_mock/orders").json()["orders"]) == bought
    entry = httpx.get(f"{sandbox}/_mock/requests?limit=1").json()["requests"][0]
    assert entry["faults"][0].get("lost_status", 502) == (201 if bought else 502)


def test_what_a_fault_answers_is_spoiled_too(url: str) -> None:
    arm(url, wire={"cut": 0.5}, answer={"status": 503, "body": "0123456789"}, times=1)
    with Wire(url) as wire:
        wire.send(BALANCE)
        head, _, body = read_to_end(wire.socket).partition(HEAD_END)
    assert head.startswith(b"HTTP/1.1 503")
    assert body == b"01234"


def test_other_connections_go_on(url: str) -> None:
    arm(url, wire="reset", times=1, account="poor")
    with Wire(url) as bystander, Wire(url) as victim:
        bystander.send(BALANCE)
        assert bystander.answer().status == 200
        victim.send(request("GET", f"{BASE}/balance", ("Authorization", "Bearer acme-poor")))
        assert victim.is_reset()
        bystander.send(BALANCE)
        assert bystander.answer().status == 200


@pytest.mark.parametrize(
    ("wire", "over_a_socket"),
    [
        ("reset", httpx.ReadError),
        ("empty", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
        ({"cut": 0.4}, httpx.RemoteProtocolError),
    ],
)
@pytest.mark.anyio
async def test_a_client_in_process_meets_the_exception_that_it_would_meet_over_a_socket(
    url: str, wire: Any, over_a_socket: type[Exception]
) -> None:
    arm(url, wire=wire, times=1)
    async with httpx.AsyncClient() as client:
        with pytest.raises(over_a_socket) as real:
            await client.get(f"{url}{BASE}/balance", headers=DEMO)
    async with acme_running() as world:
        await world.steer("POST", "/faults", {"wire": wire, "times": 1})
        with pytest.raises(type(real.value)):
            await world.ask("GET", "/balance")
        assert (await world.ask("GET", "/balance")).status_code == 200


@pytest.mark.anyio
async def test_a_drip_in_process_takes_its_time(url: str) -> None:
    async with acme_running() as world:
        await world.steer("POST", "/faults", {"wire": {"drip": "2kB/s"}})
        answer = await world.ask("GET", "/balance")
        assert answer.json()["balance"] == "100.00"
        entry = (await world.steer("GET", "/requests"))["requests"][0]
        assert entry["status"] == 200

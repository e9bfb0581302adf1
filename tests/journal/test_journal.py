"""One bounded journal for each sandbox."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.journal import journal as journal_module
from mockserver.journal.journal import MOST_BODY, Entry, Journal
from tests.support import START, running

pytestmark = pytest.mark.anyio


def entry(journal: Journal, size: int = 0) -> Entry:
    made = Entry(journal.next_id(), START, "acme", "GET", "/", "", (), b"q" * size)
    journal.keep(made)
    return made


def ids(journal: Journal) -> list[str]:
    return [one.id for one in journal.newest_first()]


def test_the_newest_are_kept_and_the_oldest_forgotten() -> None:
    journal = Journal(3)
    made = [entry(journal) for _ in range(5)]
    assert ids(journal) == ["req_00000005", "req_00000004", "req_00000003"]
    assert journal.find(made[4].id) is made[4]
    assert journal.find(made[0].id) is None


def test_bodies_are_bounded_too() -> None:
    journal = Journal(1_000)
    for _ in range(40):
        entry(journal, 1024 * 1024)
    assert len(ids(journal)) == 16
    assert sum(one.size for one in journal.newest_first()) <= journal_module.MOST_BYTES


def test_one_entry_is_kept_however_large_it_is() -> None:
    journal = Journal(10)
    entry(journal, 5)
    entry(journal, journal_module.MOST_BYTES + 1)
    assert ids(journal) == ["req_00000002"]
    entry(journal, 5)
    assert ids(journal) == ["req_00000003"]


@given(st.lists(st.integers(0, 9_000_000), max_size=12), st.integers(1, 6))
def test_neither_count_nor_bytes_are_ever_exceeded(sizes: list[int], most: int) -> None:
    journal = Journal(most)
    for size in sizes:
        entry(journal, size)
        kept = list(journal.newest_first())
        assert len(kept) <= most
        assert len(kept) == 1 or sum(one.size for one in kept) <= journal_module.MOST_BYTES
        assert kept[0].id == f"req_{journal._number:08d}"


def test_forgetting_goes_on_counting_and_clearing_begins_anew() -> None:
    journal = Journal(10)
    entry(journal)
    journal.forget()
    assert ids(journal) == []
    assert entry(journal).id == "req_00000002"
    journal.clear()
    assert entry(journal).id == "req_00000001"


async def test_a_server_keeps_as_many_as_its_setting_says() -> None:
    async with running(journal_size=5) as world:
        answers = [await world.daisy("GET", "/balance") for _ in range(8)]
        kept = (await world.steer("GET", "/requests"))["requests"]
        assert [one["id"] for one in kept] == [one.headers["x-mock-request-id"] for one in reversed(answers[3:])]


async def test_only_the_beginning_of_a_long_body_is_kept() -> None:
    async with running() as world:
        body = b'{"country": 6, "service": "' + b"x" * 200_000 + b'"}'
        await world.call("POST", "/daisysim.com/api/v1/virtual/prices", content=body)
        (kept,) = (await world.steer("GET", "/requests"))["requests"]
        assert len(kept["request"]["body"]) == MOST_BODY


async def test_ids_are_unique_among_parallel_calls() -> None:
    async with running() as world:
        answers = await asyncio.gather(*(world.daisy("GET", "/countries") for _ in range(20)))
        told = {answer.headers["x-mock-request-id"] for answer in answers}
        assert told == {f"req_{number:08d}" for number in range(1, 21)}

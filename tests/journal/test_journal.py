"""One bounded journal for each sandbox."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.journal import journal as journal_module
from mockserver.journal.budget import Budget
from mockserver.journal.journal import MOST_BODY, Entry, Journal
from tests.outside import acme_running
from tests.support import START

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
    assert len(ids(journal)) == 15
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
    for number, size in enumerate(sizes, 1):
        entry(journal, size)
        kept = list(journal.newest_first())
        assert len(kept) <= most
        assert len(kept) == 1 or sum(one.size for one in kept) <= journal_module.MOST_BYTES
        assert kept[0].id == f"req_{number:08d}"


def test_forgetting_goes_on_counting_and_clearing_begins_anew() -> None:
    journal = Journal(10)
    entry(journal)
    journal.forget()
    assert ids(journal) == []
    assert entry(journal).id == "req_00000002"
    journal.clear()
    assert entry(journal).id == "req_00000001"


async def test_a_server_keeps_as_many_as_its_setting_says() -> None:
    async with acme_running(journal_size=5) as world:
        answers = [await world.ask("GET", "/balance") for _ in range(8)]
        kept = (await world.steer("GET", "/requests"))["requests"]
        assert [one["id"] for one in kept] == [one.headers["x-mock-request-id"] for one in reversed(answers[3:])]


async def test_only_the_beginning_of_a_long_body_is_kept() -> None:
    async with acme_running() as world:
        await world.ask("POST", "/orders", content=b'{"service": "' + b"x" * 200_000 + b'"}')
        (kept,) = (await world.steer("GET", "/requests"))["requests"]
        assert len(kept["request"]["body"]) == MOST_BODY


async def test_ids_are_unique_among_parallel_calls() -> None:
    async with acme_running() as world:
        answers = await asyncio.gather(*(world.ask("GET", "/services") for _ in range(20)))
        told = {answer.headers["x-mock-request-id"] for answer in answers}
        assert told == {f"req_{number:08d}" for number in range(1, 21)}


# -- what is counted, and what is cut ------------------------------------------------------------------------------


def held_in(journal: Journal) -> int:
    return sum(one.size for one in journal.newest_first())


async def test_six_thousand_long_headers_do_not_fill_the_memory() -> None:
    async with acme_running() as world:
        long = {"X-Long": "x" * 60_000, "Authorization": "Bearer acme-demo"}
        answers = [await world.ask("GET", "/balance", headers=long) for _ in range(300)]
        assert {one.status_code for one in answers} <= {200, 429}
        sandbox = world.app.sandboxes.default
        assert sandbox is not None
        kept = list(sandbox.journal.newest_first())
        assert len(kept) == 300
        assert sandbox.journal.held < 300 * 8_192
        headers = dict(kept[0].request_headers)
        assert headers[b"x-long"] == b"x" * journal_module.MOST_TEXT + b"... (cut)"


def test_paths_queries_and_headers_are_cut_where_they_are_long() -> None:
    journal = Journal(10)
    headers = tuple((b"h" * 5_000, b"v" * 5_000) for _ in range(150))
    made = Entry(journal.next_id(), START, "acme", "GET", "/p" * 30_000, "q" * 60_000, headers, b"")
    journal.keep(made)
    assert len(made.path) == len(made.query) == journal_module.MOST_TEXT + len("... (cut)")
    assert len(made.request_headers) == journal_module.MOST_HEADERS + 1
    assert made.request_headers[-1] == (b"...", b"50 more (cut)")


def test_values_of_a_body_are_cut_where_they_are_many_and_rows_about_faults_where_they_are_long() -> None:
    journal = Journal(10)
    made = Entry(journal.next_id(), START, "acme", "POST", "/", "", (), b"x" * 60_000)
    made.subject = {"request.many": [[] for _ in range(100_000)], "request.deep": [[[[1]]]], "account": "demo"}
    made.faults = [{"fault": "a", "id": "flt_1", "hit": True, "answer": "x" * 100_000}, *({"hit": False},) * 50]
    journal.keep(made)
    assert made.subject == {"request.many": "... (cut)", "request.deep": [[[[1]]]], "account": "demo"}
    assert made.faults[0] == {"fault": "a", "id": "flt_1", "hit": True, "about": "too long to be kept"}
    assert len(made.faults) == journal_module.MOST_ROWS


def test_what_a_journal_holds_is_the_sum_of_its_entries() -> None:
    journal = Journal(5)
    for size in (10, 70_000, 1, 3_000_000, 5, 6, 7):
        entry(journal, size)
        assert journal.held == held_in(journal)
    journal.shed(1)
    assert journal.held == held_in(journal)
    journal.forget()
    assert journal.held == 0


def test_beyond_the_budget_of_the_server_the_fullest_journal_gives_its_oldest() -> None:
    budget = Budget(100_000)
    full, other = Journal(1_000, budget), Journal(1_000, budget)
    for _ in range(9):
        entry(full, 5_000)
    for _ in range(3):
        entry(other, 5_000)
    assert budget.held == full.held + other.held <= budget.most
    before = other.held
    for _ in range(20):
        entry(full, 5_000)
        assert budget.held == full.held + other.held <= budget.most
    assert other.held == before
    assert ids(full)[0] == "req_00000029"
    for _ in range(50):
        entry(other, 5_000)
    assert budget.held == full.held + other.held <= budget.most
    assert abs(full.held - other.held) < 40_000
    full.forget()
    assert budget.held == other.held


async def test_journals_and_inboxes_of_all_sandboxes_share_one_budget_and_a_deleted_one_gives_its_part_back() -> None:
    async with acme_running(max_log_bytes=300_000) as world:
        for number in range(10):
            place = world.beside(f"w{number}")
            await place.ask("POST", "/orders", {"service": "chat", "note": "x" * 20_000})
            await place.call("POST", "/_mock/inbox/in", content="y" * 20_000)
        budget = world.app.shared.budget
        sandboxes = world.app.sandboxes
        assert budget.held <= budget.most
        assert budget.held == sum(one.journal.held + one.inbox.held for one in sandboxes.all())
        for number in range(10):
            await world.steer("DELETE", f"/sandboxes/w{number}")
        default = sandboxes.default
        assert default is not None
        assert budget.held == default.journal.held + default.inbox.held

"""The feed below HTTP: what it keeps, what a reader takes, what is made when."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from mockserver.domain.ledger import Movement
from mockserver.domain.money import Currency
from mockserver.events.facts import MOST_TEXT, ClockMoved, Event, SandboxChanged
from mockserver.events.feed import KEPT, Feed
from mockserver.events.reader import MOST_WAITING, Reader, Wanted
from mockserver.events.wording import data_of, one_line
from mockserver.journal.journal import Entry
from tests.costs import sticks

pytestmark = pytest.mark.anyio
#: About two milliseconds of a fast machine.
MOST_FOR_A_THOUSAND = 2.0
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def nothing() -> None:
    """Do nothing."""


def add(feed: Feed, count: int = 1, sandbox: str = "default") -> None:
    for _ in range(count):
        feed.add(sandbox, NOW, None, SandboxChanged("reset"))


def taken(reader: Reader, most: int = 10_000) -> tuple[int, list[int]]:
    """What is lost, and the ids of what is taken."""
    batch = reader.take(most)
    return batch.lost, [event.id for event in batch.events]


async def test_a_reader_that_begins_in_the_past_hears_first_of_what_it_lost_before_and_later_of_the_rest() -> None:
    feed = Feed()
    add(feed, KEPT + 5)
    reader = feed.open(Wanted(), nothing, since=0)
    add(feed, MOST_WAITING + 3)
    assert taken(reader, 2) == (5, [6, 7])
    assert taken(reader) == (0, list(range(8, KEPT + 6)))
    first_left = KEPT + 5 + 3 + 1
    assert taken(reader) == (3, list(range(first_left, first_left + MOST_WAITING)))
    assert taken(reader) == (0, [])
    feed.close(reader)


async def test_what_is_not_wanted_never_waits() -> None:
    feed = Feed()
    reader = feed.open(Wanted("mine", frozenset({"clock"})), nothing)
    add(feed, 2_000, "mine")
    feed.add("other", NOW, None, ClockMoved(NOW, "real", "1"))
    feed.add("mine", NOW, None, ClockMoved(NOW, "real", "1"))
    assert taken(reader) == (0, [2_002])
    feed.close(reader)


async def test_a_reader_is_closed_once_however_often_it_is_told() -> None:
    feed = Feed()
    one, two = feed.open(Wanted(), nothing), feed.open(Wanted(), nothing)
    feed.close(one)
    feed.close(one)
    assert feed.streams == 1
    feed.close(two)
    assert feed.streams == 0


async def test_text_is_made_when_somebody_reads_and_once_for_all() -> None:
    feed = Feed()
    add(feed)
    one, two = (feed.open(Wanted(), nothing, since=0).take(9).events[0] for _ in range(2))
    assert one is two
    assert one.frame == b""
    assert feed.frame(one) is feed.frame(two)


async def test_what_is_kept_of_a_request_is_short_whatever_it_was() -> None:
    feed = Feed()
    rows: list[dict[str, Any]] = [{"fault": "f" * 10_000, "id": "flt_00000001", "hit": True, "decides": ["answer"]}]
    big = b"x" * 100_000
    entry = Entry("req_00000001", NOW, "acme", "GET", "/" + "p" * 10_000, "q" * 10_000, ((b"a", big),), big)
    entry.faults, entry.response_body, entry.subject = rows, big, {"request.a": "b" * 10_000}
    feed.answered("default", entry)
    events = feed.open(Wanted(), nothing, since=0).take(9).events
    assert [event.type for event in events] == ["fault", "request"]
    for event in events:
        for value in msgspec.structs.asdict(event.facts).values():  # type: ignore[arg-type]
            assert isinstance(value, str | int | float | datetime | None)
            assert not isinstance(value, str) or len(value) <= MOST_TEXT
        assert len(feed.frame(event)) < 2_000


def test_an_amount_is_told_in_the_currency_of_its_provider() -> None:
    feed = Feed(currencies={"acme": Currency("EUR", 2)})
    move = Movement("acme", "demo", 1, NOW, "wallet", "sales", 1250, "buy req_00000001", "77", 0)
    data = data_of(Event(1, "default", NOW, "req_00000001", move), feed.amount)
    assert data["line"] == "acme account demo -12.50 EUR: buy req_00000001"
    assert (data["amount"], data["currency"], data["order"]) == ("-12.50", "EUR", "77")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("a\nb\r\x1b[31m\u2028c\u202ed", "a b  [31m c d"),
        ("é ✓", "é ✓"),
        ("x" * 999, "x" * 397 + "..."),
    ],
)
def test_a_line_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


async def test_without_readers_no_timer_waits() -> None:
    feed = Feed()
    add(feed)
    assert not feed.is_waiting
    reader = feed.open(Wanted(), nothing)
    add(feed)
    assert feed.is_waiting
    feed.close(reader)
    feed.end()
    assert not feed.is_waiting


@pytest.mark.timed
def test_an_event_that_nobody_reads_costs_next_to_nothing() -> None:
    feed = Feed()
    entry = Entry("req_00000001", NOW, "acme", "GET", "/balance", "", (), b"", status=200)

    def keep_a_thousand() -> None:
        for _ in range(1_000):
            feed.answered("default", entry)

    assert sticks(keep_a_thousand, enough=MOST_FOR_A_THOUSAND) < MOST_FOR_A_THOUSAND

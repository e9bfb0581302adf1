"""Named tuples and dataclasses as JSON objects: the texts of a snapshot, and what is wrong in one with its path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pytest

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import Movement
from mockserver.domain.orders import HistoryEntry, Order
from mockserver.engine.effects import Timer
from mockserver.sandbox.codec import OrderTimer
from mockserver.sandbox.config import Population, SandboxConfig
from mockserver.sandbox.json_objects import Unreadable, object_of, value_of
from mockserver.webhooks.model import Attempt, Delivery, Outcome

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(microseconds=1_500)

ORDER = Order(
    provider="acme",
    kind="parcel",
    id="7",
    account="demo",
    sequence=3,
    state="waiting",
    visit=1,
    created_at=NOON,
    entered_at=LATER,
    amount=120,
    machine="acme/parcel/own",
    facts=MappingProxyType({"size": [1, 2.5, None, {"deep": True}]}),
    history=(HistoryEntry("waiting", LATER, "created"),),
    settled=("refund",),
)
DELIVERY = Delivery(
    id="dlv_1",
    provider="acme",
    account="demo",
    order=None,
    event="sent",
    url="http://127.0.0.1/",
    body="{}",
    headers={"X-A": "b"},
    created_at=NOON,
    cause="timer sent",
    attempts=(Attempt(NOON, Outcome("timeout", headers=(("a", "b"),))),),
)
#: Each class of rows, and how a sandbox is made, with the text that snapshots have held for it from the first.
WRITTEN: list[tuple[Any, str]] = [
    (
        ORDER,
        '{"provider":"acme","kind":"parcel","id":"7","account":"demo","sequence":3,"state":"waiting","visit":1,'
        '"created_at":"2026-01-31T12:00:00Z","entered_at":"2026-01-31T12:00:00.001500Z","amount":120,'
        '"machine":"acme/parcel/own","facts":{"size":[1,2.5,null,{"deep":true}]},'
        '"history":[{"state":"waiting","at":"2026-01-31T12:00:00.001500Z","cause":"created"}],"rule":null,'
        '"plan":null,"settled":["refund"]}',
    ),
    (
        DELIVERY,
        '{"id":"dlv_1","provider":"acme","account":"demo","order":null,"event":"sent","url":"http://127.0.0.1/",'
        '"body":"{}","headers":{"X-A":"b"},"created_at":"2026-01-31T12:00:00Z","cause":"timer sent",'
        '"state":"pending","attempts":[{"at":"2026-01-31T12:00:00Z","outcome":{"verdict":"timeout","status":null,'
        '"headers":[["a","b"]],"body":"","detail":"","milliseconds":0},"signed":{}}],"receiver":"","hostile":{}}',
    ),
    (
        Account("acme", "demo", "active", None, 0, {"tier": "gold"}),
        '{"provider":"acme","id":"demo","status":"active","webhook_url":null,"total_spent":0,'
        '"details":{"tier":"gold"}}',
    ),
    (
        Movement("acme", "demo", 1, NOON, "opening", "wallet", 500, "opened", None, 500),
        '{"provider":"acme","account":"demo","sequence":1,"at":"2026-01-31T12:00:00Z","debit":"opening",'
        '"credit":"wallet","amount":500,"cause":"opened","order":null,"balance_after":500}',
    ),
    (
        OrderTimer("acme", "7", Timer("sent", NOON, 1, 0)),
        '{"provider":"acme","order":"7","timer":{"event":"sent","due":"2026-01-31T12:00:00Z","visit":1,"place":0}}',
    ),
    (
        SandboxConfig("x", NOON, Decimal("2.50"), ("a",), {"b": 1}, timedelta(seconds=3), Population(5)),
        '{"seed":"x","start":"2026-01-31T12:00:00Z","rate":"2.50","scenarios":["a"],"settings":{"b":1},'
        '"per_poll":"3s","population":{"orders":5,"over":"90d","providers":[],"accounts":[],"webhooks":false}}',
    ),
]


def _compact(value: Any) -> str:
    return json.dumps(object_of(value), separators=(",", ":"))


@pytest.mark.parametrize(("value", "text"), WRITTEN, ids=lambda one: type(one).__name__)
def test_each_class_is_written_in_the_very_same_bytes_and_read_back(value: Any, text: str) -> None:
    assert _compact(value) == text
    assert value_of(type(value), json.loads(text)) == value


class Inner(NamedTuple):
    """A part of the value below."""

    at: datetime
    number: int | None = None


@dataclass(frozen=True)
class Outer:
    """A value with a field of each form."""

    word: Literal["left", "right"]
    rate: Decimal
    inner: dict[str, Inner]
    pairs: list[tuple[str, int]] = field(default_factory=list)
    more: Mapping[str, dict[str, int]] = field(default_factory=dict)


RIGHT: dict[str, Any] = {"word": "left", "rate": "1", "inner": {"a": {"at": "2026-01-31T12:00:00Z"}}}


def test_a_field_that_a_class_gained_later_may_be_missing() -> None:
    assert value_of(Outer, RIGHT) == Outer("left", Decimal(1), {"a": Inner(NOON)})


def test_moments_are_kept_in_utc() -> None:
    moment = value_of(Inner, {"at": "2026-01-31T13:00:00+01:00"}).at
    assert (moment, moment.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"word": "up"}, "word", "must be one of left, right"),
        ({"word": None}, "word", "must be one of left, right"),
        ({"rate": 1}, "rate", "must be a decimal text"),
        ({"rate": "one"}, "rate", "must be a decimal text"),
        ({"inner": []}, "inner", "must be an object"),
        ({"inner": {"a": {}}}, "inner.a.at", "is missing"),
        ({"inner": {"a": {"at": "noon"}}}, "inner.a.at", "must be a moment such as 2026-01-31T12:00:00Z"),
        ({"inner": {"a": {**RIGHT["inner"]["a"], "x.y": 1}}}, "inner.a.x.y", "is not known"),
        ({"inner": {"a": {**RIGHT["inner"]["a"], "number": "1"}}}, "inner.a.number", "must be a whole number or null"),
        ({"pairs": {}}, "pairs", "must be a list"),
        ({"pairs": [["a", 1], ["b"]]}, "pairs.1", "must have 2 items"),
        ({"pairs": [["a", True]]}, "pairs.0.1", "must be a whole number"),
        ({"more": {"a": {"b": 1}, "c": {"d": 1, "e": "f"}, "g": 7}}, "more.c.e", "must be a whole number"),
        ({"another": 1}, "another", "is not known"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(change: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(Unreadable) as caught:
        value_of(Outer, {**RIGHT, **change}, "here")
    assert (caught.value.path, caught.value.rule) == (f"here.{path}", rule)


@pytest.mark.parametrize("place", [0, 1, 500, 998, 999])
def test_the_one_wrong_key_among_many_is_found(place: int) -> None:
    many: dict[str, Any] = {f"key {number}": {"a": 1} for number in range(1_000)}
    many[f"key {place}"] = {"a": 1, "b": None}
    with pytest.raises(Unreadable, match=rf"^more\.key {place}\.b: must be a whole number$"):
        value_of(Outer, {**RIGHT, "more": many})


def test_no_object_at_all_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"^must be an object$"):
        value_of(Outer, [])

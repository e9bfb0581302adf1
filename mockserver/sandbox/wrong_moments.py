"""Whether the moments of a snapshot are ones that a clock can show, and what has happened is not to come."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mockserver.domain.moments import LATEST, moment_text
from mockserver.sandbox import codec
from mockserver.sandbox.json_objects import Unreadable
from mockserver.sandbox.snapshot_document import Document
from mockserver.sandbox.world import Rows

#: Timers may be set for so long after the end of every clock.
_LAST_TURN = datetime(9900, 1, 1, tzinfo=UTC)


def wrong_moments(document: Document, rows: Rows) -> Iterator[Unreadable]:
    """Yield the moments that no clock reaches, and those of the past that lie after `clock.now`."""
    now = document.clock.now
    for path, moment in (("clock.now", now), ("birth.start", document.birth.start)):
        if moment is not None and moment >= LATEST:
            yield Unreadable(path, f"must be before {moment_text(LATEST)}: {moment_text(moment)}")
    for path, moment in _past(document, rows):
        if moment > now:
            yield Unreadable(path, f"must not be after clock.now: {moment_text(moment)}")
    for table, turns in document.agenda.items():
        for place, (moment, _) in enumerate(turns):
            if moment >= _LAST_TURN:
                yield Unreadable(f"agenda.{table}.{place}.0", f"must be before {moment_text(_LAST_TURN)}")


def _past(document: Document, rows: Rows) -> Iterator[tuple[str, datetime]]:
    yield "born_at", document.born_at
    if document.faults.since is not None:
        yield "faults.since", document.faults.since
    yield from ((f"limits.{name}.opened", window.opened) for name, window in document.limits.items())
    for key, data in rows.get("orders", {}).items():
        order = codec.decode_order(data)
        yield f"tables.orders.{key}.created_at", order.created_at
        yield f"tables.orders.{key}.entered_at", order.entered_at
        yield from ((f"tables.orders.{key}.history.{place}.at", one.at) for place, one in enumerate(order.history))
    for key, data in rows.get("movements", {}).items():
        yield f"tables.movements.{key}.at", codec.decode_movement_row(key, data).at
    for key, data in rows.get("deliveries", {}).items():
        delivery = codec.decode_delivery(data)
        yield f"tables.deliveries.{key}.created_at", delivery.created_at
        attempts = enumerate(delivery.attempts)
        yield from ((f"tables.deliveries.{key}.attempts.{place}.at", one.at) for place, one in attempts)

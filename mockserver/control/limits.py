"""The limits of a server and of its sandboxes, and how much of them is used."""

from typing import Any

from mockserver.control.operation import Server
from mockserver.events import feed
from mockserver.faults import registry
from mockserver.journal import journal
from mockserver.sandbox import counters, inboxes, limits, room


def limits_data(server: Server) -> dict[str, Any]:
    """Return the limits that all sandboxes share, with their present use, and the limits of each sandbox."""
    sandboxes, budget = server.sandboxes, server.budget
    return {
        "sandboxes": {"used": sandboxes.used, "most": sandboxes.most},
        "log_bytes": {"used": budget.held, "most": budget.most},
        "event_readers": {"used": server.feed.streams, "most": feed.MOST_READERS},
        "each_sandbox": {
            "journal_entries": server.journal_size,
            "journal_bytes": journal.MOST_BYTES,
            "inboxes": inboxes.MOST_INBOXES,
            "inbox_messages": inboxes.MOST_RECEIVED,
            "inbox_bytes": inboxes.MOST_BYTES,
            "faults": registry.MOST_ARMED,
            "fault_bytes": registry.MOST_ARMED_BYTES,
            "scenarios": room.MOST_POSTED,
            "scenario_characters": room.MOST_POSTED_TEXT,
            "machines": room.MOST_MACHINES,
            "tallies": counters.MOST_COUNTERS,
            "limit_windows": limits.MOST_WINDOWS,
        },
    }

"""`mockserver tail`: prints what happens on a running server, while it happens."""

import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import click

from mockserver.cli.client import ControlClient, client_options

_STATUS = re.compile(r"[1-5](?:xx|[0-9]{2})", re.IGNORECASE)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--provider", metavar="NAME", help="Only what concerns this provider.")
@click.option("--status", metavar="STATUS", help="Only requests with these answers, such as 4xx,500.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as one line of JSON, for programs.")
@client_options
def tail(client: ControlClient, provider: str | None, status: str | None, as_json: bool) -> None:
    """Print what happens from now on, a line for each event: requests, orders, money, webhooks, time.

    A request's line has the rule or the fault that decided, and the id for `mockserver explain`. It waits where the
    server is restarted, and ends when the sandbox is deleted, or with Ctrl-C.
    """
    import json

    from mockserver.cli.event_stream import EventStream

    statuses = _statuses(status)
    if provider is not None:
        _check_provider(client, provider)
    for frame in EventStream(client, _say):
        data: Any = json.loads(frame.data)
        if frame.event == "lost":
            _say(f"{data['lost']} events were lost on the way")
            continue
        if _is_wanted(data, provider, statuses):
            # A pipe must not keep a line until there are many.
            click.echo(frame.data if as_json else _line(data), color=True)
        if data["type"] == "sandbox" and data.get("what") == "deleted":
            _say(f"the sandbox {data['sandbox']} was deleted")
            return


def _say(note: str) -> None:
    click.echo(f"mockserver: {note}", err=True)


def _statuses(text: str | None) -> tuple[str, ...] | None:
    """Return the beginnings of the statuses that are wanted, None for all; raises UsageError."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not _STATUS.fullmatch(word):
            raise click.UsageError(f"--status must be statuses such as 4xx,500: {text!r}")
    return tuple(word.lower().rstrip("x") for word in words)


def _check_provider(client: ControlClient, name: str) -> None:
    known = client.ask("GET", "", needs="providers")["providers"]
    if name not in known:
        from mockserver.domain.suggestions import suggestion

        raise click.UsageError(f"--provider: unknown provider: {name!r} ({suggestion(name, known)})")


def _is_wanted(data: Mapping[str, Any], provider: str | None, statuses: tuple[str, ...] | None) -> bool:
    if provider is not None and data.get("provider") != provider:
        return False
    return statuses is None or (data["type"] == "request" and str(data["status"]).startswith(statuses))


def _line(data: Mapping[str, Any]) -> str:
    from mockserver.events.colours import BLUE, coloured, may_colour, of_status
    from mockserver.events.wording import one_line

    # What a server says is shown, never obeyed: it may be another program that answers there.
    line = f"{one_line(str(data['moment']))}  {one_line(data['type']):8}  {one_line(str(data['line']))}"
    if not may_colour(sys.stdout, os.environ):
        return line
    return coloured(line, of_status(data["status"]) if data["type"] == "request" else BLUE)

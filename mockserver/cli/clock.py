"""`mockserver clock`: shows and moves the clock of a running server."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from mockserver.cli.client import ControlClient, client_options
from mockserver.domain.moments import moment_text, parse_moment, parse_span, span_text


class ClockClient(NamedTuple):
    """The clock calls of a running server."""

    client: ControlClient

    def ask(self, method: str, path: str = "", **body: Any) -> Any:
        """Send a call and return the JSON answer; raises ClickException as `ControlClient.ask` does."""
        return self.client.ask(method, f"/clock{path}", needs="now", **body)


def _say(facts: Mapping[str, Any]) -> None:
    """Print `frozen at ...`, `real, now ...` or `scaled (60 times real time), now ...`."""
    mode = facts.get("mode")
    if mode == "frozen":
        per_poll = f", {facts['per_poll']} on with each read of an order" if facts.get("per_poll") else ""
        click.echo(f"frozen at {facts['now']}{per_poll}")
    elif mode == "scaled":
        click.echo(f"scaled ({facts.get('rate')} times real time), now {facts['now']}")
    else:
        click.echo(f"{mode}, now {facts['now']}")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@client_options
def clock(client: ControlClient) -> None:
    """Show or move the clock of a running server; shows it without a command."""
    _say(ClockClient(client).ask("GET"))


@clock.command()
@client_options
def show(client: ControlClient) -> None:
    """Print the mode and the present moment."""
    _say(ClockClient(client).ask("GET"))


@clock.command()
@click.argument("span")
@client_options
def advance(span: str, client: ControlClient) -> None:
    """Move on by SPAN (90s, 10m, 1h30m, 1d), running everything due on the way.

    With `idle` for SPAN it moves on until nothing is pending.
    """
    if span == "idle":
        facts = ClockClient(client).ask("POST", "/advance", until="idle")
    else:
        try:
            facts = ClockClient(client).ask("POST", "/advance", by=span_text(parse_span(span)))
        except ValueError as error:
            raise click.UsageError(str(error)) from None
    counts = "{fired} timers fired, {delivered} webhooks delivered, {failed} failed, {pending} still to come"
    known = {"fired": 0, "delivered": 0, "failed": 0, "pending": 0} | dict(facts)
    click.echo(f"now {facts['now']}: {counts.format_map(known)}")
    for failure in facts.get("failures", ()):
        place = f" to {failure['url']}" if failure["url"] else ""
        click.echo(f"failed {failure['id']}{place}: {failure['reason']}")


@clock.command("set")
@click.argument("moment")
@client_options
def set_moment(moment: str, client: ControlClient) -> None:
    """Move on to MOMENT, such as 2026-01-31T12:00:00Z; never back."""
    try:
        now = moment_text(parse_moment(moment))
    except (ValueError, OverflowError) as error:
        raise click.UsageError(str(error)) from None
    _say(ClockClient(client).ask("PUT", now=now))


@clock.command()
@click.option("--per-poll", metavar="SPAN", help="How far each read of an order moves the clock first, such as 3s.")
@client_options
def freeze(per_poll: str | None, client: ControlClient) -> None:
    """Stop the clock where it is."""
    if per_poll is None:
        _say(ClockClient(client).ask("PUT", mode="frozen"))
        return
    try:
        span = span_text(parse_span(per_poll))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    _say(ClockClient(client).ask("PUT", mode="frozen", per_poll=span))


@clock.command()
@click.option("--rate", metavar="N", help="Sandbox seconds in each real second (1); above 0.")
@client_options
def run(rate: str | None, client: ControlClient) -> None:
    """Let the clock run on from where it is."""
    if rate is None:
        _say(ClockClient(client).ask("PUT", mode="real"))
        return
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", rate):
        raise click.UsageError(f"--rate must be a number such as 60 or 0.5: {rate!r}")
    if not float(rate):
        raise click.UsageError(f"--rate must be above 0: {rate!r} (mockserver clock freeze stops the clock)")
    _say(ClockClient(client).ask("PUT", mode="scaled", rate=float(rate) if "." in rate else int(rate)))

"""`mockserver clock`: a small client of the control API of a running server."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from mockserver.domain.moments import moment_text, parse_moment, parse_span, span_text


@dataclass(frozen=True, slots=True)
class ClockClient:
    """The clock calls at `base`, such as `http://127.0.0.1:7460/~worker3`."""

    base: str
    token: str | None

    def ask(self, method: str, path: str = "", **body: Any) -> Any:
        """The JSON answer; raises ClickException with what the server, or the network, had against it."""
        import json
        from http.client import HTTPException
        from urllib import error, request

        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if body else None
        # No proxy from the environment: the server is ours, most often on this machine.
        opener = request.build_opener(request.ProxyHandler({}))
        try:
            call = request.Request(f"{self.base}/_mock/clock{path}", data, headers, method=method)
            with opener.open(call, timeout=60) as answer:
                return _facts(json.load(answer))
        except error.HTTPError as refusal:
            raise click.ClickException(f"the server refused: {_detail(refusal)}") from None
        except error.URLError as failure:
            raise click.ClickException(f"no server answers at {self.base}: {_reason(failure.reason)}") from None
        except (OSError, HTTPException, ValueError) as failure:
            raise click.ClickException(f"no mockserver answers at {self.base}: {_reason(failure)}") from None


def _facts(answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, dict) or "now" not in answer:
        raise ValueError("the answer is not that of a clock")
    return answer


def _reason(failure: object) -> str:
    text = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
    return text[:1].lower() + text[1:]


def _detail(refusal: Any) -> str:
    """The detail of an RFC 9457 problem, else the status."""
    import json

    status = f"{refusal.code} {refusal.reason}"
    try:
        problem = json.loads(refusal.read())
        detail = problem.get("detail") or problem.get("title")
    except (OSError, ValueError, AttributeError):
        return status
    return f"{detail} ({status})" if detail else status


def _base(url: str, sandbox: str | None) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+/?", url, re.IGNORECASE):
        raise click.UsageError(f"--url must be like http://127.0.0.1:7460: {url!r}")
    if sandbox is None:
        return url.rstrip("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", sandbox):
        raise click.UsageError(f"--sandbox must be 1 to 64 of a-z, 0-9, _ and -, the first not _ or -: {sandbox!r}")
    return f"{url.rstrip('/')}/~{sandbox}"


def _say(facts: Mapping[str, Any]) -> None:
    """`frozen at ...`, `real, now ...`, `scaled (60 times real time), now ...`."""
    mode = facts.get("mode")
    if mode == "frozen":
        click.echo(f"frozen at {facts['now']}")
    elif mode == "scaled":
        click.echo(f"scaled ({facts.get('rate')} times real time), now {facts['now']}")
    else:
        click.echo(f"{mode}, now {facts['now']}")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", metavar="URL", default="http://127.0.0.1:7460", show_default=True, help="Where the server is.")
@click.option("--sandbox", metavar="NAME", help="Whose clock it is; else that of the default sandbox.")
@click.option("--token", metavar="TOKEN", help="The control token. [MOCKSERVER_TOKEN]")
@click.pass_context
def clock(context: click.Context, url: str, sandbox: str | None, token: str | None) -> None:
    """Show or move the clock of a running server; alone it shows it."""
    context.obj = ClockClient(_base(url, sandbox), token or os.environ.get("MOCKSERVER_TOKEN"))
    if context.invoked_subcommand is None:
        _say(context.obj.ask("GET"))


@clock.command()
@click.pass_obj
def show(client: ClockClient) -> None:
    """Print the mode and the present moment."""
    _say(client.ask("GET"))


@clock.command()
@click.argument("span")
@click.pass_obj
def advance(client: ClockClient, span: str) -> None:
    """Move on by SPAN (90s, 10m, 2h, 1d), running everything due on the way.

    `idle` for SPAN goes on until nothing is left to come.
    """
    if span == "idle":
        facts = client.ask("POST", "/advance", until="idle")
    else:
        try:
            facts = client.ask("POST", "/advance", by=span_text(parse_span(span)))
        except ValueError as error:
            raise click.UsageError(str(error)) from None
    counts = "{fired} timers fired, {delivered} webhooks delivered, {failed} failed, {pending} still to come"
    known = {"fired": 0, "delivered": 0, "failed": 0, "pending": 0} | dict(facts)
    click.echo(f"now {facts['now']}: {counts.format_map(known)}")


@clock.command("set")
@click.argument("moment")
@click.pass_obj
def set_moment(client: ClockClient, moment: str) -> None:
    """Move on to MOMENT, such as 2026-01-31T12:00:00Z; never back."""
    try:
        wanted = moment_text(parse_moment(moment))
    except (ValueError, OverflowError) as error:
        raise click.UsageError(str(error)) from None
    _say(client.ask("PUT", now=wanted))


@clock.command()
@click.pass_obj
def freeze(client: ClockClient) -> None:
    """Stop the clock where it is."""
    _say(client.ask("PUT", mode="frozen"))


@clock.command()
@click.option("--rate", metavar="N", help="Sandbox seconds in each real second; else 1.")
@click.pass_obj
def run(client: ClockClient, rate: str | None) -> None:
    """Let the clock run on from where it is."""
    if rate is None:
        _say(client.ask("PUT", mode="real"))
        return
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", rate):
        raise click.UsageError(f"--rate must be a number such as 60 or 0.5: {rate!r}")
    _say(client.ask("PUT", mode="scaled", rate=float(rate) if "." in rate else int(rate)))

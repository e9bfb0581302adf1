"""The banner of a server that has started: text for people, or one line of JSON for programs."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click

from mockserver import __version__, config
from mockserver.config import Settings


def announce(app: Any, settings: Settings, url: str, *, unknown_token: str | None = None) -> None:
    """Print the banner on stdout, as `log_format` says.

    The JSON object has event, version, url, port, control, https, clock, now, providers (name -> base URL),
    credentials (name -> texts), token_needed, tls_port where there is one, and token where the server made it up.
    A token that the user chose is left out, since banners end up in logs. With `quiet` only an `unknown_token`, which
    the user could not know otherwise, is printed, on stderr.
    """
    if settings.quiet:
        if unknown_token:
            click.echo(f"mockserver: the control API needs the token {unknown_token}", err=True)
        return
    facts = _facts(app, settings, url)
    if unknown_token:
        facts["token"] = unknown_token
    try:
        click.echo(as_json(facts) if settings.log_format == "json" else as_text(facts))
    except OSError:
        # The reader of stdout has gone; serve all the same.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _facts(app: Any, settings: Settings, url: str) -> dict[str, Any]:
    from mockserver.clockwork.clock import machine_now
    from mockserver.domain.moments import moment_text, seconds_text

    return {
        "event": "started",
        "version": __version__,
        "url": url,
        "port": int(url.rpartition(":")[2]),
        "control": f"{url}/_mock",
        "https": settings.tls == "on",
        **({} if settings.tls_port is None else {"tls_port": settings.tls_port}),
        "clock": str(settings.clock),
        "now": moment_text(settings.start) if settings.start else seconds_text(machine_now()),
        "providers": {name: url + path for name, path in app.describe()},
        "credentials": dict(app.credentials()),
        "token_needed": settings.token is not None,
        **({} if config.is_loopback(settings.host) else {"listens_on": settings.host}),
    }


def _ways(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a line about the ways in besides plain HTTP, if there are any."""
    port = facts.get("tls_port")
    ports = "the same port" if port is None else f"the same port and {port}"
    if facts["https"]:
        yield "https", f"{ports}, a proxy as well: mockserver run --url {facts['url']} -- COMMAND"
    elif port is not None:
        yield "http", ports


def as_json(facts: Mapping[str, Any]) -> str:
    """Return the facts as one line for programs."""
    import json

    return json.dumps(facts)


def as_text(facts: Mapping[str, Any]) -> str:
    """Return the facts as lines for people."""
    rows: list[tuple[str, str]] = []
    for name, base in facts["providers"].items():
        rows.append((name, base))
        rows += [("", f"  {credential}") for credential in facts["credentials"].get(name, ())]
    rows += [("", ""), *_ways(facts), ("clock", f"{facts['clock']}, now {facts['now']}"), ("control", facts["control"])]
    if "token" in facts:
        rows += [("token", facts["token"]), ("", "the control API needs it: Authorization: Bearer TOKEN")]
    elif facts["token_needed"]:
        rows.append(("token", "the one you set; the control API needs it: Authorization: Bearer TOKEN"))
    rows.append(("stop", "Ctrl-C"))
    width = max(len(name) for name, _ in rows) + 2
    beyond = f", listening on {facts['listens_on']}" if "listens_on" in facts else ""
    lines = [f"  {name:{width}}{text}".rstrip() for name, text in rows]
    return "\n".join([f"mockserver {facts['version']} on {facts['url']}{beyond}", "", *lines, ""])

"""`mockserver health`: whether a server answers, for containers and scripts."""

import os
import re

import click

from mockserver import config
from mockserver.cli import runfile

#: Seconds for the whole question; a container engine waits for three.
_PATIENCE = 2.0
_LARGEST = 65_536
#: Run files of servers that were killed may be left, each with a number that another process has by now.
_MOST_ASKED = 5


@click.command()
@click.option("--url", metavar="URL", help="Where the server is; else those of this user are asked.")
def health(url: str | None) -> None:
    """Exit with 0 when the server answers, with 1 when it does not.

    Without --url it asks the running servers of this user, last started first, until one answers; where none is
    known, the host and port of MOCKSERVER_HOST and MOCKSERVER_PORT. It uses no proxy.
    """
    bases = [url] if url else runfile.running() or [_from_variables()]
    refusals: list[click.ClickException] = []
    for base in (one.rstrip("/") for one in bases[:_MOST_ASKED]):
        try:
            click.echo(f"{base} is {server_status(base)}")
            return
        except click.ClickException as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _from_variables() -> str:
    """The address that a server started with these variables, and without flags, listens on."""
    names = [config.variable_of(name) for name in ("host", "port")]
    try:
        settings = config.load({}, {name: os.environ[name] for name in names if name in os.environ})
    except config.BadSetting as error:
        raise click.ClickException(f"where the server is, is not known: {error}") from None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def server_status(base: str) -> str:
    """What the server says of itself; raises ClickException when it says nothing, or not what ours would."""
    # Imported here: the other commands need no client of this kind.
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    place = re.fullmatch(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^/?#\s:@]+)(?::([0-9]{1,5}))?", base, re.IGNORECASE)
    if place is None:
        raise click.ClickException(f"--url must be like {config.DEFAULT_URL}: {base!r}")
    scheme, host, port = place[1].lower(), place[2].strip("[]"), int(place[3]) if place[3] else None
    connect = HTTPSConnection if scheme == "https" else HTTPConnection
    connection = connect(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/_mock/health", headers={"Accept": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        return _read(base, answer.status, answer.read(_LARGEST))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise click.ClickException(f"no server answers at {base}: {reason or type(error).__name__}") from None
    finally:
        connection.close()


def _read(base: str, status: int, body: bytes) -> str:
    import json

    if status != 200:
        raise click.ClickException(f"the server at {base} answers {status}")
    told = json.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("status"), str):
        raise ValueError("what answers there is no mockserver")
    return str(told["status"])

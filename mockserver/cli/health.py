"""`mockserver health`: checks whether a server answers, for containers and scripts."""

import os
import re

import click

from mockserver import config
from mockserver.cli import runfile

#: The timeout in seconds; a container engine waits for three.
_PATIENCE = 2.0
_LARGEST = 65_536
#: How many servers are asked: run files of killed servers may be left, whose process id another process has now.
_MOST_ASKED = 5


@click.command()
@click.option("--url", metavar="URL", help="Where the server is. [MOCKSERVER_URL, default: this user's servers]")
def health(url: str | None) -> None:
    """Exit with 0 if the server answers, with 1 if it does not.

    Without --url and MOCKSERVER_URL it asks the running servers of this user, last started first, until one answers.
    Where none is known, it asks the host and port of MOCKSERVER_HOST and MOCKSERVER_PORT. It uses no proxy.
    """
    known_url = url or os.environ.get("MOCKSERVER_URL")
    bases = [known_url] if known_url else runfile.running() or [_from_variables()]
    refusals: list[click.ClickException] = []
    for base in (address.rstrip("/") for address in bases[:_MOST_ASKED]):
        try:
            click.echo(f"{base} is {server_status(base)}")
            return
        except click.ClickException as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _from_variables() -> str:
    """Return the address on which a server with these environment variables, and without flags, listens."""
    names = [config.variable_of(name) for name in ("host", "port")]
    try:
        settings = config.load({}, {name: os.environ[name] for name in names if name in os.environ})
    except config.BadSetting as error:
        raise click.ClickException(f"where the server is, is not known: {error}") from None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def server_status(base: str) -> str:
    """Return the status that the server reports; raises ClickException where no mockserver answers there."""
    # Imported lazily: the other commands need no client of this kind.
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    match = re.fullmatch(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^/?#\s:@]+)(?::([0-9]{1,5}))?", base, re.IGNORECASE)
    if match is None:
        raise click.ClickException(f"--url and MOCKSERVER_URL are like {config.DEFAULT_URL}: {base!r}")
    scheme, host, port = match[1].lower(), match[2].strip("[]"), int(match[3]) if match[3] else None
    connect = HTTPSConnection if scheme == "https" else HTTPConnection
    connection = connect(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/_mock/health", headers={"Accept": "application/json", "Connection": "close"})
        response = connection.getresponse()
        return _read(base, response.status, response.read(_LARGEST))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise click.ClickException(f"no server answers at {base}: {reason or type(error).__name__}") from None
    finally:
        connection.close()


def _read(base: str, status: int, body: bytes) -> str:
    import json

    if status != 200:
        raise click.ClickException(f"the server at {base} answers {status}")
    document = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("status"), str):
        raise ValueError("what answers there is no mockserver")
    return str(document["status"])

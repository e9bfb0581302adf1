"""`mockserver env`: the variables that lead clients to a running server, for a shell or a file."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import click

from mockserver import config
from mockserver.cli.client import checked_url, default_url
from mockserver.cli.reaching import ServerSilent, fetch_ca, files_for, local_ca, variables_for
from mockserver.config import DEFAULT_URL, Settings
from mockserver.reach.shells import REFUSED_BY_GITHUB, SHELLS, Unquotable, lines

#: The settings that count here.
_SETTINGS = ("sandbox", "ca_dir", "tls_name")


@click.command()
@click.option("--url", metavar="URL", help=f"Where the server is. [MOCKSERVER_URL, default {DEFAULT_URL}]")
@click.option("--sandbox", metavar="NAME", help="The sandbox of the clients. [MOCKSERVER_SANDBOX]")
@click.option("--shell", type=click.Choice(SHELLS), default="sh", show_default=True, help="Whose lines are printed.")
@click.option("--proxy-http", is_flag=True, help="Lead plain http:// calls through the server, too.")
@click.option("--ca-dir", metavar="DIR", help="Where the files lie that the variables name. [MOCKSERVER_CA_DIR]")
def env(url: str | None, sandbox: str | None, shell: str, proxy_http: bool, ca_dir: str | None) -> None:
    """Print the variables with which clients reach a running server at the URLs of the real APIs.

    Use it as `eval "$(mockserver env)"`. Clients are told to trust the CA of the server. While no server answers on
    this machine, it is the CA of this user, with which a server that is started later signs.
    """
    settings = _settings(sandbox, ca_dir)
    place = checked_url(url or default_url(os.environ))
    files = files_for(_ca_of(place, settings), settings)
    variables = variables_for(place, _sandbox(sandbox, os.environ), files, os.environ, proxy_http=proxy_http)
    try:
        click.echo(lines(shell, variables), nl=False)
    except Unquotable as error:
        raise click.ClickException(str(error)) from None
    if shell == "github":
        click.echo(f"mockserver: {REFUSED_BY_GITHUB} is left out: runners refuse it there", err=True)


def _settings(sandbox: str | None, ca_dir: str | None) -> Settings:
    names = [config.variable_of(name) for name in _SETTINGS]
    environment = {name: os.environ[name] for name in names if name in os.environ}
    try:
        return config.load({"sandbox": sandbox, "ca_dir": ca_dir}, environment)
    except config.BadSetting as error:
        raise click.UsageError(str(error)) from None


def _sandbox(flag: str | None, environment: Mapping[str, str]) -> str | None:
    return flag or environment.get(config.variable_of("sandbox")) or None


def _ca_of(url: str, settings: Settings) -> bytes:
    try:
        return fetch_ca(url)
    except ServerSilent:
        if not config.is_loopback(urlsplit(url).hostname or ""):
            raise
        return local_ca(settings)

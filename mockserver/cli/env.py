"""`mockserver env`: the variables that lead clients to a running server, for a shell or a file."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import click

from mockserver import config
from mockserver.cli.client import checked_url, default_url
from mockserver.cli.reaching import ServerSilent, fetch_ca, files_for, local_ca, variables_for
from mockserver.config import DEFAULT_URL, Settings
from mockserver.reach.shells import REFUSED_BY_GITHUB, REMOVING, SHELLS, Unquotable, lines

#: The settings that count here.
_SETTINGS = ("sandbox", "ca_dir", "tls_name")
_SANDBOX = config.variable_of("sandbox")
#: How many servers are asked: run files of killed servers may be left, whose process id another process has now.
_MOST_ASKED = 5


@click.command()
@click.option("--url", metavar="URL", help=f"Where the server is. [MOCKSERVER_URL, default {DEFAULT_URL}]")
@click.option("--sandbox", metavar="NAME", help="The sandbox of the clients. [MOCKSERVER_SANDBOX]")
@click.option("--shell", type=click.Choice(SHELLS), default="sh", show_default=True, help="Whose lines are printed.")
@click.option("--proxy-http", is_flag=True, help="Lead plain http:// calls through the server, too.")
@click.option("--ca-dir", metavar="DIR", help="Where the files lie that the variables name. [MOCKSERVER_CA_DIR]")
@click.option("--unset", is_flag=True, help="Print what takes the variables back, for the shells.")
def env(url: str | None, sandbox: str | None, shell: str, proxy_http: bool, ca_dir: str | None, *, unset: bool) -> None:
    """Print the variables with which clients reach a running server at the URLs of the real APIs.

    Use it as `eval "$(mockserver env)"`, and `eval "$(mockserver env --unset)"` to take them back. Where nothing says
    which server, it is the one at the default port, else the one of this user that was started last. Clients are told
    to trust the CA of the server. While no server answers on this machine, it is the CA of this user, with which a
    server that is started later signs.
    """
    if unset:
        _print(shell, _withdrawn(shell))
        return
    settings = _settings(sandbox, ca_dir)
    place, pem = _server(url)
    files = files_for(local_ca(settings) if pem is None else pem, settings)
    name = _sandbox(sandbox, os.environ)
    variables = variables_for(place, name, files, os.environ, proxy_http=proxy_http)
    _print(shell, {**variables, **({} if name else _without_sandbox(os.environ))})
    if shell == "github":
        click.echo(f"mockserver: {REFUSED_BY_GITHUB} is left out: runners refuse it there", err=True)


def _print(shell: str, variables: Mapping[str, str | None]) -> None:
    try:
        click.echo(lines(shell, variables), nl=False)
    except Unquotable as error:
        raise click.ClickException(str(error)) from None


def _withdrawn(shell: str) -> Mapping[str, str | None]:
    from mockserver.reach.variables import withdrawn

    if shell not in REMOVING:
        raise click.UsageError(f"--unset: only for {', '.join(REMOVING)}, not for {shell}")
    return withdrawn(os.environ)


def _settings(sandbox: str | None, ca_dir: str | None) -> Settings:
    names = [config.variable_of(name) for name in _SETTINGS]
    environment = {name: os.environ[name] for name in names if name in os.environ}
    try:
        return config.load({"sandbox": sandbox, "ca_dir": ca_dir}, environment)
    except config.BadSetting as error:
        raise click.UsageError(str(error)) from None


def _sandbox(flag: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the sandbox that the flag or the user's variable names; one of an earlier `env` does not count."""
    from mockserver.reach.variables import earlier_sandbox

    if flag or earlier_sandbox(environment):
        return flag or None
    return environment.get(_SANDBOX) or None


def _without_sandbox(environment: Mapping[str, str]) -> Mapping[str, None]:
    return {_SANDBOX: None} if _SANDBOX in environment else {}


def _server(flag: str | None) -> tuple[str, bytes | None]:
    """Return the URL of the server and the certificate of its CA, None while nothing answers on this machine."""
    place = checked_url(flag or default_url(os.environ))
    try:
        return place, fetch_ca(place)
    except click.ClickException as problem:
        for other in _others(flag, os.environ):
            with suppress(click.ClickException):
                return other, fetch_ca(other)
        if not isinstance(problem, ServerSilent) or not config.is_loopback(urlsplit(place).hostname or ""):
            raise
        text = "the variables are for a server that is started there later"
        click.echo(f"mockserver: {problem.format_message()}: {text}", err=True)
        return place, None


def _others(flag: str | None, environment: Mapping[str, str]) -> Sequence[str]:
    """Return this user's servers, last started first; none where the user has said which server."""
    from mockserver.cli import runfile
    from mockserver.reach.variables import has_variables

    if flag or environment.get(config.variable_of("port")):
        return ()
    if environment.get("MOCKSERVER_URL") and not has_variables(environment):
        return ()
    return runfile.running()[:_MOST_ASKED]

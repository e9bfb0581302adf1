"""`mockserver run`: run a command with a server of its own, and with the variables that lead its clients there.

The server is a thread of this process. So it ends with the process however that ends, starts without a second
interpreter, and has no streams of its own that mix with the command's. `mockserver.reach.command` runs the command.
"""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice, takewhile
from typing import Any, NamedTuple

import click

from mockserver import config
from mockserver.cli.client import ControlClient, checked_url
from mockserver.cli.reaching import fetch_ca, files_while, plain, variables_for
from mockserver.config import Settings

#: Settings whose variables are meant for another server than the one of this command.
_NOT_FROM_VARIABLES = ("host", "port", "tls_port", "tls", "state", "save_on_exit")
#: The flags that may stand beside --url; all others are decided by the server that runs there.
_BESIDE_URL = frozenset({"sandbox", "token", "ca_dir", "quiet"})
_INTERRUPTED = 130
#: How many refused requests are printed at most, and how many requests are searched for them.
_MOST_PRINTED, _MOST_SEARCHED = 10, 200
_LONGEST_BODY = 160
_REFUSED = 400


class Serving(NamedTuple):
    """The parts of `mockserver serve` that this command uses, too."""

    flags: Callable[[Callable[..., Any]], Callable[..., Any]]
    can_start: Callable[[Settings], bool]
    completed: Callable[[Settings], Settings]


class _CommandLine(NamedTuple):
    """The command line; `flags` are the flags of `serve` in it."""

    flags: Mapping[str, Any]
    url: str | None
    scenarios: Sequence[str]
    proxy_http: bool
    command: Sequence[str]

    @property
    def sandbox(self) -> str | None:
        """The sandbox of the command, None where none is named."""
        return self.flags.get("sandbox") or os.environ.get(config.variable_of("sandbox")) or None


class _Server(NamedTuple):
    """The server for the command, and the control API of the command's sandbox."""

    url: str
    control: ControlClient


def run_command(serving: Serving) -> click.Command:
    """Make the command `mockserver run`."""

    @click.command("run", context_settings={"help_option_names": ["-h", "--help"], "allow_interspersed_args": False})
    @click.option("--url", metavar="URL", help="Use the server that runs there, and start none.")
    @click.option("--scenario", "active", multiple=True, metavar="NAME", help="Activate a scenario first. Repeatable.")
    @click.option("--proxy-http", is_flag=True, help="Lead plain http:// calls through the server, too.")
    @serving.flags
    @click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND ARG...")
    @click.pass_obj
    def run(
        outer: Mapping[str, Any],
        /,
        url: str | None,
        active: tuple[str, ...],
        proxy_http: bool,
        command: tuple[str, ...],
        **flags: Any,
    ) -> int:
        """Run a command whose clients reach this server at the URLs of the real APIs.

        It starts a server on a free port and stops it when the command ends. Requests that name no sandbox are in that
        of --sandbox. Signals are passed on to the command, and its exit code is returned. When the command fails, its
        last requests that were refused are printed on stderr, unless --quiet is given.
        """
        present = {
            name: value for group in (outer, flags) for name, value in group.items() if value not in (None, False, ())
        }
        try:
            return _run(_CommandLine(present, url, active, proxy_http, command), serving)
        except KeyboardInterrupt:
            return _INTERRUPTED

    return run


def _run(line: _CommandLine, serving: Serving) -> int:
    settings = _settings(line.flags, line.url)
    if line.url is None and not serving.can_start(settings):
        return 2
    with ExitStack() as stack:
        if line.url is None:
            server = stack.enter_context(_started(serving.completed(settings)))
        else:
            server = _running(checked_url(line.url), line.sandbox, settings.token)
        if line.scenarios:
            server.control.ask("PUT", "/scenarios/active", needs="", content=list(line.scenarios))
        newest = None if line.url is None else _newest(server.control)
        files = stack.enter_context(files_while(fetch_ca(server.url), settings))
        variables = variables_for(server.url, line.sandbox, files, os.environ, proxy_http=line.proxy_http)
        if server.control.token:
            variables[config.variable_of("token")] = server.control.token
        code = _outcome(line.command, {**os.environ, **variables})
        if code and not settings.quiet:
            for text in _refused(server.control, since=newest):
                click.echo(f"mockserver: {text}", err=True)
        return code


def _settings(flags: Mapping[str, Any], url: str | None) -> Settings:
    """Return the settings of a server on a free port of this machine; raises ClickException for wrong ones."""
    if url is not None:
        for name in flags.keys() - _BESIDE_URL:
            raise click.UsageError(f"{config.flag_of(name)}: not with --url, whose server has been started already")
    ours = {config.variable_of(name) for name in _NOT_FROM_VARIABLES}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    try:
        settings = config.load({"host": "127.0.0.1", "port": "0", **flags}, environment)
    except config.BadSetting as error:
        raise click.UsageError(str(error)) from None
    if settings.tls == "off":
        raise click.UsageError("--tls off: the command's clients need TLS")
    return settings


def _running(url: str, sandbox: str | None, token: str | None) -> _Server:
    base = plain(url)
    return _Server(url, ControlClient(f"{base}/~{sandbox}" if sandbox else base, token))


@contextmanager
def _started(settings: Settings) -> Iterator[_Server]:
    """Run a server in a thread of this process; raises ClickException where it cannot start."""
    # Objects made before the server answers live as long as it; the server switches collection on again.
    gc.disable()
    from mockserver import server
    from mockserver.app import create_app

    server.configure_logging(settings.log_format)
    with ExitStack() as stack:
        try:
            listeners = server.bind_settings(settings)
            patience = server.SAVING if settings.save_on_exit else server.APPLICATION
            live = server.LiveServer(create_app(settings), listeners=listeners, patience=patience)
            stack.enter_context(live)
        except (server.CannotListen, RuntimeError) as error:
            raise click.ClickException(str(error)) from None
        yield _Server(live.url, ControlClient(live.url, settings.token))


def _outcome(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return its exit code, or the one of a shell where the command cannot be run."""
    from mockserver.reach.command import CannotRun, run_command

    try:
        return run_command(command, environment)
    except CannotRun as error:
        click.echo(f"mockserver: {error}", err=True)
        return error.code


def _newest(control: ControlClient) -> str | None:
    """Return the id of the sandbox's newest request, None where there is none."""
    rows = control.ask("GET", "/requests?limit=1", needs="requests")["requests"]
    return str(rows[0]["id"]) if rows else None


def _refused(control: ControlClient, *, since: str | None) -> Iterator[str]:
    """Yield a line for each of the last requests that were refused, oldest first."""
    try:
        rows = control.ask("GET", f"/requests?limit={_MOST_SEARCHED}", needs="requests")["requests"]
    except click.ClickException as problem:
        yield f"refused requests are not known: {problem.format_message()}"
        return
    ours = takewhile(lambda row: row["id"] != since, rows)
    for row in reversed(list(islice((row for row in ours if row["status"] >= _REFUSED), _MOST_PRINTED))):
        mistake = f" {row['mistake']}" if row["mistake"] else ""
        body = " ".join(row["response"]["body"].split())
        short = body if len(body) <= _LONGEST_BODY else f"{body[: _LONGEST_BODY - 3]}..."
        request = f"{row['id']} {row['provider']}: {row['method']} {row['path']}"
        yield f"{request} -> {row['status']}{mistake} {short}".rstrip()

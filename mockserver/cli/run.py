"""`mockserver run`: run a command with a server of its own, and with the variables that lead its clients there.

The server is a thread of this process. So it ends with the process however that ends, starts without a second
interpreter, and has no streams of its own that mix with the command's. `mockserver.reach.command` runs the command.
"""

import gc
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import click

from mockserver import config
from mockserver.cli.client import ControlClient, checked_url
from mockserver.cli.reaching import fetch_ca, files_while, plain, variables_for
from mockserver.cli.texts import one_line
from mockserver.cli.traffic import MOST_TOLD, JournalTraffic, OwnTraffic, Traffic
from mockserver.config import Settings

#: Settings whose variables are meant for another server than the one of this command.
_NOT_FROM_VARIABLES = ("host", "port", "tls_port", "tls", "state", "save_on_exit", "access_log")
#: The flags that may stand beside --url; all others are decided by the server that runs there.
_BESIDE_URL = frozenset({"sandbox", "token", "ca_dir", "quiet"})
_INTERRUPTED = 130
_HINT = "see 'Your client, your line' in docs/reach.md"
#: What options of `serve` mean here, where that is not the same.
_HELP = {
    "host": "Address to listen on. [no variable, default 127.0.0.1]",
    "port": "Port to listen on; 0 chooses a free one. [no variable, default 0]",
    "access_log": "A line for each emulated request on stderr: human, json or off. [no variable, default off]",
    "log_format": "Log lines: human or json. [MOCKSERVER_LOG_FORMAT, default human]",
    "quiet": "Print nothing about the requests of the command when it ends. [MOCKSERVER_QUIET]",
}


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
    """The server for the command, the control API of the command's sandbox, and the requests that come."""

    url: str
    control: ControlClient
    traffic: Traffic


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
        of --sandbox. Signals are passed on to the command, and its exit code is returned. Then stderr says if no
        request came, or, where the command failed, which ones were refused, unless --quiet is given.

        --host, --port, --tls, --tls-port, --state, --save-on-exit and --access-log are read from the command line
        only: their variables are meant for another server. --host is 127.0.0.1 by default, and --port 0, a free one.

        With --url only --sandbox, --token, --ca-dir and --quiet of the flags may be given, and the scenarios that were
        active are active again when the command ends.
        """
        present = {
            name: value for group in (outer, flags) for name, value in group.items() if value not in (None, False, ())
        }
        try:
            return _run(_CommandLine(present, url, active, proxy_http, command), serving)
        except KeyboardInterrupt:
            return _INTERRUPTED

    for option in run.params:
        if isinstance(option, click.Option):
            option.help = _help(option)
    return run


def _help(option: click.Option) -> str | None:
    """Return the help of an option as it is true here."""
    if option.name in _HELP:
        return _HELP[option.name]
    if option.name in _NOT_FROM_VARIABLES and option.help:
        return option.help.replace(f"[{config.variable_of(option.name)}", "[no variable")
    return option.help


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
            stack.enter_context(_activated(server.control, line.scenarios, put_back=line.url is not None))
        files = stack.enter_context(files_while(fetch_ca(server.url), settings))
        variables = variables_for(server.url, line.sandbox, files, os.environ, proxy_http=line.proxy_http)
        if server.control.token:
            variables[config.variable_of("token")] = server.control.token
        return _outcome(line.command, {**os.environ, **variables}, None if settings.quiet else server.traffic)


def _outcome(command: Sequence[str], environment: Mapping[str, str], traffic: Traffic | None) -> int:
    """Run the command, tell about the requests, and return its exit code; a shell's where it cannot be run."""
    from mockserver.reach.command import CannotRun, run_command

    try:
        code = run_command(command, environment)
    except CannotRun as error:
        _say(str(error))
        return error.code
    if traffic is not None:
        _tell(traffic, failed=code != 0)
    return code


def _say(text: str) -> None:
    click.echo(f"mockserver: {one_line(text)}", err=True)


def _tell(traffic: Traffic, *, failed: bool) -> None:
    """Say that no request came, or which ones were refused where the command failed."""
    try:
        silence = traffic.silence()
        if silence is not None:
            _say(f"{silence}: {_HINT}")
        elif failed:
            for line in traffic.refused():
                _say(line)
    except click.ClickException as problem:
        _say(f"the requests of the command are not known: {problem.format_message()}")


@contextmanager
def _activated(control: ControlClient, names: Sequence[str], *, put_back: bool) -> Iterator[None]:
    """Activate scenarios; with `put_back` those that were active before are so again afterwards."""
    before = control.ask("GET", "/scenarios/active", needs="") if put_back else None
    control.ask("PUT", "/scenarios/active", needs="", content=list(names))
    try:
        yield
    finally:
        if before is not None:
            try:
                control.ask("PUT", "/scenarios/active", needs="", content=before)
            except click.ClickException as problem:
                _say(f"the scenarios that were active before are not put back: {problem.format_message()}")


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
    root = ControlClient(plain(url), token)
    control = root._replace(base=f"{root.base}/~{sandbox}") if sandbox else root
    return _Server(url, control, JournalTraffic(url, root, sandbox))


@contextmanager
def _started(settings: Settings) -> Iterator[_Server]:
    """Run a server in a thread of this process; raises ClickException where it cannot start."""
    # Objects made before the server answers live as long as it; the server switches collection on again.
    gc.disable()
    from mockserver import server
    from mockserver.app import create_app
    from mockserver.reach.observed import ObservedApp

    server.configure_logging(settings.log_format)
    if settings.log_format == "human":
        for handler in logging.getLogger().handlers:
            # Among the lines of the command those of this program must be known.
            handler.setFormatter(logging.Formatter("mockserver: %(message)s"))
    with ExitStack() as stack:
        try:
            listeners = server.bind_settings(settings)
            patience = server.SAVING if settings.save_on_exit else server.APPLICATION
            app = ObservedApp(create_app(settings), most=MOST_TOLD)
            live = server.LiveServer(app, listeners=listeners, patience=patience)
            stack.enter_context(live)
        except (server.CannotListen, RuntimeError) as error:
            raise click.ClickException(str(error)) from None
        traffic = OwnTraffic(app, live.url, settings.sandbox)
        yield _Server(live.url, ControlClient(live.url, settings.token), traffic)

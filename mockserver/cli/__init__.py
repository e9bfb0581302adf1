"""The command line: serve, run a command beside a server, check scenarios, move a server's clock, explain a request.

Exit codes: 0 success, 1 the work failed, 2 a mistake in the command line. A user's mistake is one line on stderr.
Each command imports what it needs lazily, to keep start-up fast.
"""

import gc
import logging
import os
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import click

from mockserver import __version__, config
from mockserver.cli.ca import ca
from mockserver.cli.clock import clock
from mockserver.cli.env import env
from mockserver.cli.explain import explain
from mockserver.cli.graph import graph
from mockserver.cli.health import health
from mockserver.cli.reference import reference
from mockserver.cli.run import Serving, run_command
from mockserver.cli.tail import tail
from mockserver.cli.texts import begin_lower
from mockserver.config import Settings
from mockserver.providers.sources import ProviderProblem

_log = logging.getLogger("mockserver")
_HELP = {"help_option_names": ["-h", "--help"]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` by default); returns the exit code of the process."""
    _open_standard_streams()
    try:
        outcome = program.main(arguments, prog_name="mockserver", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as error:
        return _complain(_sentence(error), error.exit_code)
    except ProviderProblem as error:
        return _complain(str(error), 1)
    except (KeyboardInterrupt, click.Abort):
        return 0
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); keep the interpreter from reporting that when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return outcome if isinstance(outcome, int) else 0


def _open_standard_streams() -> None:
    """Let streams that this process was started without lead nowhere: a socket would get their numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _sentence(error: click.ClickException) -> str:
    return begin_lower(" ".join(error.format_message().split()))


def _complain(message: str, code: int) -> int:
    click.echo(f"mockserver: {message}", err=True)
    return code


def _serve_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each row of the settings table, in its order."""
    for name, option, default in reversed(config.table()):
        default_text = "" if default in (None, (), False) else f", default {default}"
        command = click.option(
            config.flag_of(name),
            name,
            metavar=option.metavar or None,
            is_flag=option.switch,
            multiple=option.separator is not None,
            default=None,
            help=f"{option.help} [{config.variable_of(name)}{default_text}]"
            + (" Repeatable." if option.separator else ""),
        )(command)
    return command


@click.group(invoke_without_command=True, context_settings=_HELP)
@click.version_option(__version__, message="%(prog)s %(version)s")
@_serve_flags
@click.pass_context
def program(context: click.Context, /, **flags: Any) -> int:
    """A local sandbox server for four SIM and number APIs. Without a command it serves."""
    context.obj = flags
    return _serve_from(flags) if context.invoked_subcommand is None else 0


@program.command("serve")
@_serve_flags
@click.pass_obj
def serve_command(outer: Mapping[str, Any], /, **flags: Any) -> int:
    """Serve until Ctrl-C."""
    return _serve_from({**outer, **{name: value for name, value in flags.items() if value not in (None, False, ())}})


def _serve_from(flags: Mapping[str, Any]) -> int:
    try:
        settings = config.load(flags, os.environ)
    except config.BadSetting as error:
        return _complain(str(error), 2)
    return serve(settings, ignored=config.ignored(os.environ))


def serve(settings: Settings, *, make_app: Callable[[Settings], Any] | None = None, ignored: Sequence[str] = ()) -> int:
    """Check the scenario directories, listen, announce, and serve until a signal comes; returns the exit code.

    `ignored` names environment variables whose values were ignored; each gets a warning in the log.
    """
    if not _can_start(settings):
        return 2
    # Objects made during the start live on, so collection would only cost time; the server enables it again.
    gc.disable()
    from mockserver import server

    server.configure_logging(settings.log_format)
    for name in ignored:
        _log.warning("%s is ignored: it holds a URL where a number belongs", name)
    try:
        listeners = server.bind_settings(settings)
    except server.CannotListen as error:
        return _complain(str(error), 1)
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        return _run(settings, listeners, make_app or _create_app, stack)


def _can_start(settings: Settings) -> bool:
    """Check the files that settings name and print what is wrong with them; True when nothing is."""
    if settings.watch and not settings.scenarios:
        _complain("--watch: needs a directory to watch: add --scenarios DIR", 2)
        return False
    if settings.scenarios and not _report(_problems(_scenario_files(settings.scenarios)), err=True):
        return False
    for path in _misplaced(settings.scenarios):
        click.echo(f"{path}:1:1: not used: a scenario's place is DIR/PROVIDER/NAME.yaml (warning)", err=True)
    problem = _state_problem(settings)
    if problem is not None:
        _complain(problem, 2)
    return problem is None


def _run(settings: Settings, listeners: Any, make_app: Callable[[Settings], Any], stack: ExitStack) -> int:
    from mockserver import server
    from mockserver.cli import runfile
    from mockserver.cli.banner import announce

    completed = _completed(settings)
    if completed.access_log is None:
        completed = replace(completed, access_log="human" if sys.stderr.isatty() else "off")
    app = make_app(completed)
    unknown_token = completed.token if settings.token is None else None

    def started(url: str) -> None:
        run_file = runfile.write(url)
        if run_file is not None:
            stack.callback(runfile.remove, run_file)
        announce(app, completed, url, unknown_token=unknown_token)

    return server.run(app, completed, listeners=listeners, on_started=started)


def _state_problem(settings: Settings) -> str | None:
    """Return why the --state file can't be read, or None; the application checks its contents later."""
    path = settings.state
    if path is None:
        return "--save-on-exit needs --state FILE to write to" if settings.save_on_exit else None
    if settings.save_on_exit and not path.exists():
        return None
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return f"--state: cannot be read: {path}: {error.strerror or error}"


def _create_app(settings: Settings) -> Any:
    from mockserver.app import create_app

    return create_app(settings)


def _completed(settings: Settings) -> Settings:
    """Return the settings with what only a starting server can choose: a token, and the moment where clocks start."""
    if settings.token is None and not config.is_loopback(settings.host):
        import secrets

        settings = replace(settings, token=secrets.token_urlsafe(24))
    if settings.start is None and settings.clock.mode != "real":
        from mockserver.clockwork.clock import machine_now

        settings = replace(settings, start=machine_now().replace(microsecond=0))
    return settings


@program.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as one JSON list, for programs.")
def check_command(paths: tuple[str, ...], *, as_json: bool) -> int:
    """Check scenario files; for a directory, all *.yaml files in it, and whether they lie in their provider's folder.

    Prints a line for each problem: file, line, column, message. What other distributions declare as providers is
    checked, too.
    """
    for path in paths:
        if not Path(path).exists():
            return _complain(f"no such file or directory: {path}", 2)
    files = _scenario_files(map(Path, paths))
    if not files:
        return _complain(f"no scenario files (*.yaml) in {', '.join(paths)}", 1)
    from mockserver.cli.providers import declaration_problems

    declared = declaration_problems()
    in_folders = set(_scenario_files(path for path in map(Path, paths) if path.is_dir()))
    problems = chain(declared, _problems(files, in_folders, by_providers=not declared))
    if as_json:
        return _report_as_json(problems)
    if not _report(problems, err=False):
        return 1
    click.echo(f"{len(files)} {'file' if len(files) == 1 else 'files'} ok")
    return 0


def _scenario_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files, and those of directories at any depth; each once, sorted within a directory."""
    files: dict[Path, None] = {}
    for path in paths:
        yaml_files = sorted(file for file in path.rglob("*.yaml") if file.is_file()) if path.is_dir() else [path]
        files.update(dict.fromkeys(yaml_files))
    return list(files)


def _misplaced(directories: Iterable[Path]) -> list[Path]:
    """Return the files that the library of scenarios will not find."""
    return [path for root in directories for path in _scenario_files([root]) if path.parent.parent != root]


def _problems(files: Iterable[Path], in_folders: Container[Path] = (), *, by_providers: bool = True) -> Iterable[Any]:
    """Yield what is wrong with the files; `by_providers`: also by what the providers declare."""
    from mockserver.cli.providers import scenario_judge
    from mockserver.providers.sources import provider_names
    from mockserver.scenario.check import check_file

    providers, judge = provider_names(), scenario_judge() if by_providers else None
    for file in files:
        yield from check_file(file, providers, judge=judge, in_folder=file in in_folders)


def _report(problems: Iterable[Any], *, err: bool) -> bool:
    """Print all problems; return whether none is an error."""
    ok = True
    for problem in problems:
        error = problem.severity == "error"
        click.echo(f"{problem}" if error else f"{problem} (warning)", err=err)
        ok = ok and not error
    return ok


def _report_as_json(problems: Iterable[Any]) -> int:
    import json
    from dataclasses import asdict

    rows = [asdict(problem) for problem in problems]
    click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    return int(any(row["severity"] == "error" for row in rows))


for _command in (
    ca,
    clock,
    env,
    explain,
    graph,
    health,
    reference,
    run_command(Serving(_serve_flags, _can_start, _completed)),
    tail,
):
    program.add_command(_command)

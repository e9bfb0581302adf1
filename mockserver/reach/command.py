"""Run a command as if the shell had started it itself: with the same streams, signals and exit code.

The command is in our process group, so that signals of a terminal (Ctrl-C, Ctrl-Z, a new size) reach it directly.
Signals that others send to this process are passed on. When the command is stopped at a terminal, this process
stops, too, and the shell notices.
"""

import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

NOT_FOUND, NOT_EXECUTABLE = 127, 126
#: The exit code after a signal is this plus the signal's number, as in shells.
BY_SIGNAL = 128

#: The `si_code` on Linux of signals that the kernel itself sends, such as those of a terminal.
_SI_KERNEL = 0x80
_PASSED_ON = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTSTP", "SIGCONT", "SIGUSR1", "SIGUSR2")
#: Python ignores these, which a command must not inherit.
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")


class CannotRun(Exception):
    """The command cannot be started; `code` is the exit code of a shell then, the message is one line."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command until it ends and return its exit code, 128 + N after signal N; raises CannotRun.

    Call it from the main thread. Other threads must not take the signals that it waits for.
    """
    if sys.platform == "win32":
        return _run_on_windows(arguments, environment)
    waited = _signals()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    try:
        child = _start(arguments, environment, before)
        code = _Watch(child, waited).until_it_ends()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return BY_SIGNAL - code if code < 0 else code


if TYPE_CHECKING or sys.platform != "win32":

    def _signals() -> set[signal.Signals]:
        """Return the signals to wait for. Those that this process ignores (under nohup), the command ignores, too."""
        passed_on = {getattr(signal, name) for name in _PASSED_ON}
        return {number for number in passed_on if signal.getsignal(number) is not signal.SIG_IGN} | {signal.SIGCHLD}

    def _start(arguments: Sequence[str], environment: Mapping[str, str], mask: Iterable[int]) -> int:
        """Start the command with this process's signals and open files; return its process id. Raises CannotRun."""
        try:
            # Not subprocess: it would close what we have inherited for the command, or run Python after a fork.
            return os.posix_spawnp(
                arguments[0],
                list(arguments),
                environment,
                setsigmask=mask,
                setsigdef=[getattr(signal, name) for name in _IGNORED_BY_PYTHON],
            )
        except FileNotFoundError:
            raise CannotRun(f"command not found: {arguments[0]}", NOT_FOUND) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            reason = reason[:1].lower() + reason[1:]
            raise CannotRun(f"{arguments[0]} cannot be run: {reason}", NOT_EXECUTABLE) from None

    class _Watch:
        """Waits for the end of a process and passes signals on to it. The signals are blocked in all threads."""

        def __init__(self, child: int, waited: Iterable[signal.Signals]) -> None:
            self._child = child
            self._waited = frozenset(waited)
            #: The last signal that was passed on.
            self._last: int | None = None

        def until_it_ends(self) -> int:
            """Return the exit code of the process, -N after signal N."""
            while True:
                number, by_terminal = self._next()
                if number == signal.SIGCHLD:
                    code = self._exit_code()
                    if code is not None:
                        return code
                elif not by_terminal:
                    self._last = number
                    os.kill(self._child, number)

        def _next(self) -> tuple[int, bool]:
            """Wait for a signal; return it, and whether the terminal sent it, to the command as well."""
            if hasattr(signal, "sigwaitinfo"):
                received = signal.sigwaitinfo(self._waited)
                return received.si_signo, received.si_code == _SI_KERNEL
            number = signal.sigwait(self._waited)
            return number, number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP) and _is_in_foreground()

        def _exit_code(self) -> int | None:
            """Return the exit code if the process has ended; where it was stopped, stop this process as well."""
            while True:
                child, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED)
                if child == 0:
                    return None
                if not os.WIFSTOPPED(status):
                    return os.waitstatus_to_exitcode(status)
                # Without a terminal, whoever continues the command would not know that this process is stopped, too.
                if os.WSTOPSIG(status) == self._last or _is_in_foreground():
                    self._stop(os.WSTOPSIG(status))

        def _stop(self, number: int) -> None:
            """Stop this process as the command was stopped, until both are continued."""
            # While it is blocked, it becomes one with that of the terminal, which may be pending still. Of two, the
            # second would stop this process again as soon as it is continued.
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
            signal.pthread_sigmask(signal.SIG_BLOCK, self._waited)

    def _is_in_foreground() -> bool:
        """Return whether a terminal sends its signals to this process."""
        try:
            terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        except OSError:
            return False
        finally:
            os.close(terminal)


def _run_on_windows(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Wait for the command; Ctrl-C reaches it directly."""
    import shutil
    import subprocess

    program = shutil.which(arguments[0])
    if program is None:
        raise CannotRun(f"command not found: {arguments[0]}", NOT_FOUND)
    with subprocess.Popen([program, *arguments[1:]], env=dict(environment)) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue

"""The snapshot of `--state`: the default sandbox begins with it, and is written there at the end."""

import logging
from pathlib import Path

from mockserver import __version__
from mockserver.sandbox.sandbox import Sandbox

log = logging.getLogger("mockserver")

_LONGEST_REASON = 1_000


class StateRefused(Exception):
    """The snapshot to start from cannot be restored; the message names the file and what is wrong, in one line."""


class StateNotSaved(Exception):
    """The snapshot could not be written at the end; the message names the file and what is wrong, in one line."""


async def restore_state(sandbox: Sandbox, path: Path) -> None:
    """Restore the sandbox from the file; raises StateRefused."""
    from mockserver.sandbox.statefile import load

    try:
        await load(sandbox, path, version=__version__)
    except Exception as error:
        raise StateRefused(f"--state: {path} cannot be restored: {_one_line(error)}") from error


async def save_state(sandbox: Sandbox, path: Path) -> None:
    """End the sandbox's deliveries and write it to the file; raises StateNotSaved."""
    from mockserver.sandbox.statefile import save

    try:
        await sandbox.deliveries.cancel()
        await save(sandbox, path, version=__version__)
    except Exception as error:
        if not isinstance(error, OSError):
            log.error("the snapshot failed", exc_info=error)
        raise StateNotSaved(f"the state could not be saved: {path}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    """Return an error's text without line breaks and without the end of a long list."""
    text = " ".join(str(error.strerror if isinstance(error, OSError) and error.strerror else error).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 3]}..."

"""Reloads scenario files that change while the server runs; a file with errors changes nothing."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mockserver.domain.errors import Invalid
from mockserver.events.facts import ScenariosChanged
from mockserver.sandbox.config import ServerContext
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sandboxes import Sandboxes
from mockserver.scenario.check import Judge
from mockserver.scenario.library import DEFAULT, Key
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems
from mockserver.scenario.watching import Watcher

#: Seconds of real time between two checks of the files; a change is in force after two checks.
PAUSE = 0.2

Say = Callable[[str], None]
log = logging.getLogger("mockserver")


def begin_watching(roots: Sequence[Path], shared: ServerContext) -> Watcher:
    """Return a watcher of these directories, and read all files: a later bad file leaves them as they are now.

    Raises ScenarioProblems.
    """
    watcher = Watcher(roots)
    for provider, name in watcher.files():
        if provider in shared.provider_rules:
            shared.library.get(provider, name)
    return watcher


async def keep_reloading(
    watcher: Watcher, shared: ServerContext, sandboxes: Sandboxes, *, judge: Judge, say: Say
) -> None:
    """Reload changed files until cancelled; `say` gets a line for each change and each problem."""
    while True:
        await asyncio.sleep(PAUSE)
        try:
            for key in await asyncio.to_thread(watcher.changed):
                await reload(key, shared, sandboxes.all(), judge=judge, say=say)
        except Exception as error:
            log.error("a changed scenario file was not taken up", exc_info=error)


async def reload(key: Key, shared: ServerContext, sandboxes: Iterable[Sandbox], *, judge: Judge, say: Say) -> None:
    """Put one scenario's file to use in every sandbox, or say why not and change nothing."""
    library, name = shared.library, "/".join(key)
    try:
        scenario = await asyncio.to_thread(library.read_anew, key, judge=judge)
    except ScenarioProblems as problems:
        for problem in problems.problems:
            say(str(problem))
        say(f"mockserver: {name} stays as it was")
        return
    concerned = [sandbox for sandbox in sandboxes if not sandbox.state.library.is_posted(key)]
    if scenario is not None:
        try:
            for sandbox in concerned:
                sandbox.try_out(scenario)
        except Invalid as invalid:
            say(f"{scenario.source}:1:1: {invalid}")
            say(f"mockserver: {name} stays as it was")
            return
    library.put_to_use(key, scenario)
    for sandbox in concerned:
        await _take_up(sandbox, key, scenario)
    say(f"mockserver: {name} is {'gone' if scenario is None else 'in use as it is now'}")


async def _take_up(sandbox: Sandbox, key: Key, scenario: Scenario | None) -> None:
    names = sandbox.state.active_scenarios.names
    if key[1] not in (*names, DEFAULT):
        return
    # Files of several providers may share a name: it stays active until the last of them is gone.
    still = [name for name in names if name != key[1] or sandbox.state.library.find(name)]
    await sandbox.activate(still)
    sandbox.announcer.announce(ScenariosChanged("reloaded", (key[1],)))

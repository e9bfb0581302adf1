"""Snapshots as texts and files: indented, with a line for each value, so that they can be committed and compared."""

import asyncio
from pathlib import Path
from typing import Any

import orjson

from mockserver.domain.errors import Invalid
from mockserver.sandbox.safefile import replace_file
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.snapshot import read, take
from mockserver.sandbox.snapshot_document import refuse_double_keys


def text_of(document: Any) -> bytes:
    """Return a snapshot's document as text, for answers and files."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def data_of(path: Path) -> Any:
    """Return the JSON data of a file; raises OSError, and Invalid when it is not JSON."""
    try:
        text = path.read_bytes()
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid({"file": [f"must be JSON: {error}"]}) from None
    refuse_double_keys(text)
    return data


async def load(sandbox: Sandbox, path: Path, *, version: str) -> None:
    """Restore the sandbox from a file; raises OSError, Invalid, NewerVersion or ScenarioProblems."""
    world = await asyncio.to_thread(lambda: read(sandbox, data_of(path), version=version))
    await sandbox.become(world)


async def save(sandbox: Sandbox, path: Path, *, version: str) -> None:
    """Write the sandbox to a file; raises OSError, and then the file is as it was."""
    document = await take(sandbox, version=version)
    await asyncio.to_thread(lambda: replace_file(path, text_of(document)))

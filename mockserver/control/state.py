"""`/_mock/state`: the whole sandbox as one document."""

import asyncio
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, text_schema
from mockserver.control.problems import Problem
from mockserver.control.sandboxes import MADE, described
from mockserver.http.jsontext import NotJson, read_json

#: The largest snapshot that is read, in bytes.
LARGEST = 256 * 1024 * 1024

_STATE: dict[str, Any] = {
    "type": "object",
    "required": ["format", "version"],
    "properties": {
        "format": {"const": "mockserver state"},
        "version": text_schema("Of the server that made it; older ones are read forward, newer ones refused with 409."),
    },
}


async def show(call: ControlCall) -> Answer:
    """Take a snapshot, as indented JSON, without the journal's entries and the messages of inboxes."""
    # Imported lazily: most servers never take a snapshot.
    from mockserver.sandbox.snapshot import take
    from mockserver.sandbox.statefile import text_of

    document = await take(await call.sandbox(), version=call.server.version)
    return Answer(await asyncio.to_thread(text_of, document))


async def restore(call: ControlCall) -> Answer:
    """Replace the whole sandbox, its clock included, by the snapshot, or refuse it and change nothing."""
    from mockserver.sandbox.snapshot import read
    from mockserver.sandbox.snapshot_document import NewerVersion, refuse_double_keys

    try:
        data = await asyncio.to_thread(read_json, call.raw)
        await asyncio.to_thread(refuse_double_keys, call.raw)
    except NotJson as error:
        raise Problem(422, f"the body {error}") from None
    sandbox = await call.sandbox()
    try:
        # In a thread: every line of a large document is checked, and other requests should not wait for that.
        world = await asyncio.to_thread(read, sandbox, data, version=call.server.version)
    except NewerVersion as error:
        raise Problem(409, str(error)) from None
    await sandbox.become(world)
    return Answer(described(call, sandbox))


OPERATIONS = (
    Operation("GET", "/state", show, name="state", summary="This sandbox as one document", gives=_STATE),
    Operation(
        "PUT",
        "/state",
        restore,
        name="restoreState",
        summary="Restore this sandbox from a snapshot of this or an older version",
        reads=_STATE,
        gives=MADE,
        largest=LARGEST,
    ),
)

"""What was read of trusted scenario files, kept beside the byte code and in its manner: read once, not at every start.

Only a start gets quicker by it: where nothing can be written, or what is kept does not fit, the file is read.
"""

import os
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

PLACE = Path(__file__).with_name("__pycache__")


def kept(path: Path, raw: bytes) -> Any:
    """The JSON data of the file with these bytes, or None when they are not kept."""
    try:
        return orjson.loads(_file(path, raw).read_bytes())
    except (OSError, ValueError):
        return None


def keep(path: Path, raw: bytes, data: Any) -> None:
    """Keep what was read of these bytes, whole or not at all."""
    if sys.dont_write_bytecode:
        return
    file = _file(path, raw)
    own = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        own.write_bytes(orjson.dumps(data))
        own.replace(file)
    except (OSError, TypeError, ValueError):
        own.unlink(missing_ok=True)


def _file(path: Path, raw: bytes) -> Path:
    mark = blake2b(raw, digest_size=12).hexdigest()
    return PLACE / f"{path.parent.name}-{path.stem}.{mark}.json"

"""A mock server that tells what it has in use: sent SIGUSR1, it writes the number of bytes as a line to stdout.

Resident memory alone does not tell what is kept from what was kept once: allocators give little back to the system.
"""

import ctypes
import gc
import os
import re
import signal
import sys
from pathlib import Path
from tempfile import TemporaryFile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mockserver.cli import main

_IN_BLOCKS = re.compile(rb"^# bytes in allocated blocks\s+=\s+([\d,]+)$", re.MULTILINE)


class _MallInfo(ctypes.Structure):
    """What glibc tells of its heap."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def bytes_in_use() -> int:
    """Bytes of living objects: small ones by Python's allocator, others by the C library's where that is glibc."""
    gc.collect()
    found = _IN_BLOCKS.search(_python_says())
    small = int(found[1].replace(b",", b"")) if found is not None else 0
    mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo2 is None:
        return small
    mallinfo2.restype = _MallInfo
    heap = mallinfo2()
    return small + int(heap.uordblks) + int(heap.hblkhd)


def _python_says() -> bytes:
    """What `sys._debugmallocstats` writes to the error stream."""
    with TemporaryFile() as file:
        kept = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            sys._debugmallocstats()  # noqa: SLF001 - its only way
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read()


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, lambda *_: print(bytes_in_use(), flush=True))
    sys.exit(main())

"""How long the disk takes to make a write durable: what a service that flushes before it answers hangs on."""

import os
import time
from pathlib import Path

WRITES = 200
PAGE = b"\0" * 4096


def flush_milliseconds(folder: Path) -> list[float]:
    """Milliseconds of each of some writes of 4 KiB, flush included, to a new file in this folder."""
    path = folder / "flush-probe"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    taken = []
    try:
        for _ in range(WRITES):
            started = time.perf_counter()
            os.write(descriptor, PAGE)
            os.fsync(descriptor)
            taken.append(1000 * (time.perf_counter() - started))
    finally:
        os.close(descriptor)
        path.unlink()
    return taken

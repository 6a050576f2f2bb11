"""The disk: what is on it for good, and when it is too full to promise anything."""

import math
import os
import shutil
import sqlite3
import time
from errno import EDQUOT, ENOSPC
from pathlib import Path

from shared.errors import StorageFull

FULL = "The service is out of disk space and accepts nothing new until some is freed."
ASK_SECONDS = 1.0
ASK_BYTES = 4 * 2**20
_POSTGRES_DISK_FULL = "53100"


def require_space(data_dir: Path, reserve_bytes: int) -> None:
    """Raise StorageFull unless more than `reserve_bytes` are free where `data_dir` lies."""
    if shutil.disk_usage(data_dir).free <= reserve_bytes:
        raise StorageFull(FULL)


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk is full: the system's, the database's, or our own."""
    said = getattr(error, "orig", error)  # SQLAlchemy's errors carry the driver's
    if isinstance(said, OSError):
        return said.errno in (ENOSPC, EDQUOT)
    by_sqlite = getattr(said, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    by_postgres = getattr(said, "sqlstate", None) == _POSTGRES_DISK_FULL
    return by_sqlite or by_postgres or isinstance(said, StorageFull)


class DiskGuard:
    """`require_space`, asked at most once a second: a disk does not fill up between two products.

    Whoever writes a large file books its bytes besides, and then it is asked every 4 MiB of everybody's.
    """

    def __init__(self, data_dir: Path, reserve_bytes: int) -> None:
        self._data_dir = data_dir
        self._reserve_bytes = reserve_bytes
        self._asked_at = -math.inf
        self._booked = 0

    def require_space(self) -> None:
        """Raise StorageFull when less than the reserve is free, as of the last second."""
        moment = time.monotonic()
        if moment - self._asked_at > ASK_SECONDS:
            require_space(self._data_dir, self._reserve_bytes)
            self._asked_at = moment  # not reached when it is full: then everybody asks, until there is room

    def book(self, size: int) -> None:
        """Count bytes that are about to be written. Raises StorageFull when less than the reserve is free by now."""
        self._booked += size
        if self._booked >= ASK_BYTES:
            require_space(self._data_dir, self._reserve_bytes)
            self._booked = 0


def to_disk(path: Path) -> None:
    """Return once a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

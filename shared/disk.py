"""The disk: what is on it for good, and when it is too full to promise anything."""

import os
import shutil
from pathlib import Path

from shared.errors import StorageFull


def require_space(data_dir: Path, reserve_bytes: int) -> None:
    """Raise StorageFull when less than `reserve_bytes` are free where `data_dir` lies."""
    if shutil.disk_usage(data_dir).free < reserve_bytes:
        raise StorageFull("The service is out of disk space and accepts nothing new until some is freed.")


def to_disk(path: Path) -> None:
    """Return once a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

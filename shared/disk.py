"""The disk reserve: the service stops accepting before the disk is full, not after."""

import shutil
from pathlib import Path

from shared.errors import StorageFull


def require_space(data_dir: Path, reserve_bytes: int) -> None:
    """Raise StorageFull when less than `reserve_bytes` are free where `data_dir` lies."""
    if shutil.disk_usage(data_dir).free < reserve_bytes:
        raise StorageFull("The service is out of disk space and accepts nothing new until some is freed.")

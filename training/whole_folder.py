"""A folder that is there complete or not at all, whenever the process that writes it ends."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.disk import to_disk


@contextmanager
def appearing_complete(folder: Path, *, replacing: bool = False) -> Iterator[Path]:
    """A folder to write into that is renamed to `folder` at the end, on disk to the last byte, or vanishes.

    With `replacing`, what is at that name goes once the new one is complete; else that is an OSError.
    """
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    former = folder.with_name(f".{folder.name}.{os.getpid()}.former")
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        for path in (*unfinished.iterdir(), unfinished):
            to_disk(path)
        if replacing and folder.exists():
            folder.rename(former)
        unfinished.rename(folder)
        to_disk(folder.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finally:
        if former.exists() and not folder.exists():
            former.rename(folder)
        shutil.rmtree(former, ignore_errors=True)

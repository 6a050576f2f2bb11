"""A folder that is there complete or not at all, whenever the process that writes it ends.

A process that is killed leaves what it was writing under a hidden name, and perhaps the former folder under another.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.disk import to_disk

PART, FORMER = "part", "former"


def tidy_up(folder: Path) -> None:
    """Bring back the former folder where a killed process left none, and remove its leftovers.

    For whoever is alone in writing there.
    """
    formers = sorted(folder.parent.glob(f".{folder.name}.*.{FORMER}"))
    if formers and not folder.exists():
        formers.pop().rename(folder)
    for leftover in (*formers, *folder.parent.glob(f".{folder.name}.*.{PART}")):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def appearing_complete(folder: Path, *, replacing: bool = False) -> Iterator[Path]:
    """A folder to write into that is renamed to `folder` at the end, on disk to the last byte, or vanishes.

    With `replacing`, what is at that name goes once the new one is complete; else that is an OSError.
    """
    mark = uuid.uuid4().hex
    unfinished, former = (folder.with_name(f".{folder.name}.{mark}.{suffix}") for suffix in (PART, FORMER))
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

"""A file that is there when it is complete, and not before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """Write a file under another name beside it, and give it its own at the end; what fails leaves nothing."""
    part = target.with_name(f".{uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, target)
    except OSError as error:  # of which a full disk does not say what could not be written
        raise OSError(error.errno, error.strerror, str(target)) from None
    finally:
        part.unlink(missing_ok=True)

"""A workbook (XLSX) is turned into a CSV beside it, once: its reader holds a whole sheet in memory.

That happens in a process of its own, whose memory is bounded: a workbook of a few kilobytes may say that it has
seventeen thousand million cells, or one long text in each of a million.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfileobj
from typing import BinaryIO, Final

from shared.catalogues.archive import open_zip
from shared.catalogues.archive_checks import MIB, check_entries
from shared.catalogues.refusals import room_for_it
from shared.catalogues.rows import Limits
from shared.catalogues.workbook_rows import TOO_LARGE
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore

LARGEST: Final = 512 * MIB  # unpacked
_MEMORY: Final = 3_072 * MIB
_SECONDS: Final = 50  # fewer than those after which a process that does not advance is taken for dead
_BROKEN: Final = "The workbook cannot be read: it is damaged, protected by a password, or has no sheet of cells."


def convert(store: ObjectStore, workbook: BinaryIO, key: str, limits: Limits) -> None:
    """Write the first sheet's rows as CSV in UTF-8 under this key, durably. Raises UnreadableCatalogue."""
    most = min(limits.unpacked_bytes, LARGEST)
    with open_zip(workbook) as packed:
        check_entries(packed, most, check_ratios=False)  # of sheets, an honest one may be packed to a thousandth
    workbook.seek(0)
    with _on_disk(workbook) as source, tempfile.TemporaryFile() as rows:
        _write_rows(source, rows, limits)
        rows.seek(0)
        store.put(key, rows)
    store.sync([key])


def _write_rows(workbook: BinaryIO, rows: BinaryIO, limits: Limits) -> None:
    command = [sys.executable, "-m", "shared.catalogues.workbook_rows"]
    bounds = [str(each) for each in (_MEMORY, limits.rows + 2, limits.unpacked_bytes)]
    try:
        done = subprocess.run(
            [*command, *bounds], stdin=workbook, stdout=rows, stderr=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _too_large() from None
    if done.returncode < 0 or done.returncode == TOO_LARGE:
        raise _too_large()
    if done.returncode:
        raise UnreadableCatalogue(_BROKEN, code="BROKEN_WORKBOOK")


@contextmanager
def _on_disk(workbook: BinaryIO) -> Iterator[BinaryIO]:
    """The workbook as a file that another process can read."""
    with tempfile.TemporaryFile() as file:
        with room_for_it():
            copyfileobj(workbook, file)
            file.flush()
        file.seek(0)
        yield file


def _too_large() -> UnreadableCatalogue:
    return UnreadableCatalogue(
        "The workbook takes more memory or time than it may have; send it as CSV.", code="WORKBOOK_TOO_LARGE"
    )

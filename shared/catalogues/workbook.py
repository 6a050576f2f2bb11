"""A workbook (XLSX) is turned into a CSV beside it, once: its reader holds a whole sheet in memory.

That happens in a process of its own, whose memory and time are bounded: a workbook of a few kilobytes may say that it
has seventeen thousand million cells, or one long text in each of a million.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from shared.catalogues.archive import open_zip
from shared.catalogues.archive_checks import MIB, check_entries
from shared.catalogues.opening import Heartbeat, book
from shared.catalogues.rows import Limits
from shared.catalogues.workbook_rows import FULL, TOO_LARGE
from shared.errors import StorageFull, Unavailable, UnreadableCatalogue

LARGEST: Final = 512 * MIB  # unpacked
_MEMORY: Final = 3_072 * MIB
_CPU_SECONDS: Final = 50
_SECONDS: Final = 100  # on a machine that has much else to do
_LOOK_SECONDS: Final = 0.25
_STOPPED: Final = (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)  # by somebody who ends more than this process
_BROKEN: Final = "The workbook cannot be read: it is damaged, protected by a password, or has no sheet of cells."


@contextmanager
def as_csv(workbook: BinaryIO, most: int, limits: Limits, beat: Heartbeat) -> Iterator[BinaryIO]:
    """The first sheet's rows as CSV in UTF-8, of at most so many bytes; the workbook is a file on the disk.

    Raises UnreadableCatalogue, StorageFull, and Unavailable where it is to be tried again.
    """
    with open_zip(workbook) as packed:
        # Of sheets, an honest one may be packed to a thousandth.
        check_entries(packed, min(limits.unpacked_bytes, LARGEST), check_ratios=False)
    workbook.seek(0, os.SEEK_END)  # nothing of it is buffered any more
    os.lseek(workbook.fileno(), 0, os.SEEK_SET)
    with tempfile.TemporaryFile() as rows:
        _write_rows(workbook, rows, most, limits, beat)
        rows.seek(0)
        yield rows


def _write_rows(workbook: BinaryIO, rows: BinaryIO, most: int, limits: Limits, beat: Heartbeat) -> None:
    bounds = [str(each) for each in (os.getpid(), _MEMORY, _CPU_SECONDS, limits.rows + 2, most)]
    child = subprocess.Popen(
        [sys.executable, "-m", "shared.catalogues.workbook_rows", *bounds],
        stdin=workbook,
        stdout=rows,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what is typed at a terminal is for us alone
    )
    end, booked = time.monotonic() + _SECONDS, 0
    try:
        while (status := _status(child)) is None:
            beat()
            written = os.fstat(rows.fileno()).st_size
            book(limits.disk, written - booked)
            booked = written
            if time.monotonic() > end:
                raise Unavailable("The workbook could not be read in time.")
    finally:
        child.kill()
        child.wait()
    _require_success(status)


def _status(child: "subprocess.Popen[bytes]") -> int | None:
    """The exit status, or None after a moment in which it has not ended."""
    try:
        return child.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _require_success(status: int) -> None:
    if status in _STOPPED:
        raise Unavailable("The workbook's reader was stopped.")
    if status == FULL:
        raise StorageFull("There is no room to unpack the workbook.")
    if status < 0 or status == TOO_LARGE:
        raise UnreadableCatalogue(
            "The workbook takes more memory, time or text than it may have; send it as CSV.", code="WORKBOOK_TOO_LARGE"
        )
    if status:
        raise UnreadableCatalogue(_BROKEN, code="BROKEN_WORKBOOK")

"""Rows of floats on disk, one per photo: an append-only file that is memory-mapped, and an index of hashes.

    rows.float32   row after row, in the machine's byte order
    index          per row one line: the photo's SHA-256 and `+`, or `-` when the photo can't be decoded

The index is written last and names only rows that are whole, so a process that is killed leaves nothing wrong behind.
Several processes may add to one folder: each appends under a lock, and what another has added meanwhile stays.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]

ROWS, INDEX = "rows.float32", "index"
_ENTRY = re.compile(rb"([0-9a-f]{64})([+-])\n")
_ENTRY_BYTES = 66  # 64 hex digits, the sign, the end of the line


class FeatureStore:
    """The features of photos in one folder: rows of `width` float32."""

    def __init__(self, folder: Path, width: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._width = width
        self._row_of: dict[str, int] = {}
        self._broken: set[str] = set()
        (folder / INDEX).touch()
        (folder / ROWS).touch()
        with (folder / INDEX).open("rb") as index:
            self._read_on(index)

    @property
    def row_of(self) -> Mapping[str, int]:
        """The row of every known photo, by its hash; the rows of broken photos hold nothing."""
        return self._row_of

    @property
    def broken(self) -> set[str]:
        """Hashes of the photos that can't be decoded."""
        return self._broken

    def rows(self) -> Features:
        """All rows that are known now, (n, width), mapped read-only: what is not looked at takes no memory."""
        if not self._row_of:
            return np.empty((0, self._width), dtype=np.float32)
        return np.memmap(self._folder / ROWS, np.float32, mode="r", shape=(len(self._row_of), self._width))

    def append(self, features: Mapping[str, Features | None]) -> None:
        """Add features by photo hash, None for a broken photo; on disk when this returns."""
        with self._locked() as index:
            self._read_on(index)
            new = {key: row for key, row in features.items() if key not in self._row_of}
            nothing = np.full(self._width, np.nan, dtype=np.float32)
            rows = [nothing if row is None else row for row in new.values()]
            entries = [f"{key}{'-' if row is None else '+'}\n".encode() for key, row in new.items()]
            with (self._folder / ROWS).open("r+b") as file:
                _overwrite_end(file, len(self._row_of) * self._width * 4, [row.tobytes() for row in rows])
            _overwrite_end(index, len(self._row_of) * _ENTRY_BYTES, entries)
            self._read_on(index)

    def _read_on(self, index: BinaryIO) -> None:
        """Take in the entries behind those that are known, as far as they are whole."""
        index.seek(len(self._row_of) * _ENTRY_BYTES)
        while entry := _ENTRY.fullmatch(index.read(_ENTRY_BYTES)):
            key = entry[1].decode()
            self._row_of[key] = len(self._row_of)
            if entry[2] == b"-":
                self._broken.add(key)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """The index, open to read and write, for this process alone."""
        with (self._folder / INDEX).open("r+b") as index:
            fcntl.flock(index, fcntl.LOCK_EX)  # given back when the file is closed, also by a process's death
            yield index


def _overwrite_end(file: BinaryIO, start: int, pieces: Sequence[bytes]) -> None:
    """Have the file end with `pieces` from `start` on, whatever half a row was there."""
    file.seek(start)
    file.truncate()
    file.write(b"".join(pieces))
    file.flush()
    os.fsync(file.fileno())

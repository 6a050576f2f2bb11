"""Where a product's photo is: in memory, in a file, or in the object store. Only its bytes' hash is kept at hand."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from shared.images import image_key
from shared.store import ObjectStore


class Photo(Protocol):
    """An encoded photo (JPEG, PNG, ...) that is read when it is needed, so that a catalogue fits into memory."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the encoded bytes, in hex."""

    def read(self) -> bytes:
        """The encoded bytes. Raises OSError, FileNotFoundError above all, when they can't be read any more."""


@dataclass(frozen=True)
class PhotoBytes:
    """A photo in memory."""

    content: bytes

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the encoded bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def read(self) -> bytes:
        """The encoded bytes."""
        return self.content


@dataclass(frozen=True)
class PhotoFile:
    """A photo in a file. Its hash is computed once, at the first question, and read piece by piece."""

    path: Path

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, in hex. Raises OSError when the file can't be read."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self) -> bytes:
        """The file's bytes. Raises OSError when the file can't be read."""
        return self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo in the object store, which names it by its hash."""

    store: ObjectStore = field(repr=False, compare=False)
    sha256: str

    def read(self) -> bytes:
        """The object's bytes. Raises FileNotFoundError when it has been erased, Unavailable when the store fails."""
        return self.store.get(image_key(self.sha256))

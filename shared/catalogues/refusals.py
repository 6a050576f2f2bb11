"""Bring what libraries raise over a damaged file to UnreadableCatalogue."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.disk import is_full
from shared.errors import ShelfwiseError, StorageFull, UnreadableCatalogue


@contextmanager
def refused_as(code: str, message: str) -> Iterator[None]:
    """Raise UnreadableCatalogue with this code for whatever a reader raises in the block, but not for our own errors.

    Readers of hostile bytes raise nearly anything. Lack of memory and of disk is the machine's affair.
    """
    try:
        yield
    except (ShelfwiseError, MemoryError):
        raise
    except Exception as error:
        if is_full(error):
            raise
        raise UnreadableCatalogue(message, code=code) from error


@contextmanager
def room_for_it() -> Iterator[None]:
    """Raise StorageFull where a temporary file cannot be written in the block."""
    try:
        yield
    except OSError as error:
        raise StorageFull("There is no room to unpack the file.") from error

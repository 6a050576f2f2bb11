"""The object store: images, catalogues and bundles, in a local folder or on S3.

A store that fails, or has no such bucket, raises Unavailable, a full one StorageFull, and an object that is not there
FileNotFoundError.
"""

import io
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from shared.disk import is_full, to_disk
from shared.errors import ConfigurationError, StorageFull, Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import ReadableFile

CHUNK = 2**20
NETWORK_PART = 8 * 2**20  # S3 takes no smaller parts than 5 MiB of one object, and no more than 10,000
NETWORK_AT_ONCE = 16
RETRIES = 3
RETRY_TIME = timedelta(seconds=12)  # after it no request is tried again
SILENT_TIME = timedelta(seconds=6)  # a server that says nothing for so long has failed
_LEFTOVER = re.compile(r"#\d+$")
# obstore keeps what the system, or S3, has said as text only.
_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_NO_BUCKET = "NoSuchBucket"


class StoredObject(NamedTuple):
    """What the store knows of an object without reading it."""

    key: str
    size: int
    modified_at: datetime


def local_folder(url: str) -> Path | None:
    """The folder that a store's URL names; None where the store is on the network."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


class ObjectStore:
    """Objects under keys like `images/ab/ab12…`; the same code for a folder and for S3."""

    def __init__(self, url: str) -> None:
        try:
            self._store = from_url(url, mkdir=True) if url.startswith("file:") else _on_the_network(url)
        except (BaseError, OSError, ValueError) as error:
            raise ConfigurationError("SHELFWISE_STORE_URL: there is no such object store.") from error

    @property
    def _folder(self) -> Path | None:
        prefix = self._store.prefix if isinstance(self._store, LocalStore) else None
        return Path(prefix) if prefix else None

    def put(self, key: str, source: IO[bytes] | Iterator[bytes] | bytes | Path) -> None:
        """Write an object whole, or not at all. It may be lost in a power cut until `sync` is called for it.

        What an iterator raises comes through.
        """
        with _told_plainly():
            obstore.put(self._store, key, source, max_concurrency=2)  # each part is held in memory

    @asynccontextmanager
    async def writing(self, key: str) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        """What writes an object piece by piece, in bounded memory: it is there once the block has ended.

        When the block raises, nothing is stored. What was stored may be lost in a power cut, as after `put`.
        """
        part = CHUNK if self._folder is not None else NETWORK_PART
        writer = obstore.open_writer_async(self._store, key, buffer_size=part, max_concurrency=1)

        async def write(piece: bytes) -> None:
            with _told_plainly():
                await writer.write(piece)

        try:
            yield write
        except BaseException as error:
            with suppress(BaseError, OSError):  # to give up what was written so far; a lost part is no news any more
                await writer.__aexit__(type(error), error, error.__traceback__)
            raise
        with _told_plainly():
            await writer.close()

    def sync(self, keys: Iterable[str]) -> None:
        """Return once these objects would survive a power cut; call it before committing a row that names them.

        The local store writes and renames but never flushes, so the files and the folders that hold their
        names are flushed here. S3 has stored an object durably when `put` returns.
        """
        root = self._folder
        if root is None:
            return
        folders = {root}
        with _told_plainly():
            for key in keys:
                path = root / key
                to_disk(path)
                folders.update(parent for parent in path.parents if parent.is_relative_to(root))
            for folder in folders:
                to_disk(folder)

    def size(self, key: str) -> int | None:
        """An object's size in bytes, or None when there is none."""
        try:
            with _told_plainly():
                return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """`size` of many; a store on the network is asked for several at once, because each answer takes its time."""
        if self._folder is not None or len(keys) < 2:
            return [self.size(key) for key in keys]
        with ThreadPoolExecutor(min(len(keys), NETWORK_AT_ONCE), thread_name_prefix="store") as asking:
            return list(asking.map(self.size, keys))

    def get(self, key: str) -> bytes:
        """An object's whole content. Raises FileNotFoundError."""
        with _told_plainly():
            return bytes(obstore.get(self._store, key).bytes())

    def open(self, key: str) -> BinaryIO:
        """An object as a file that is read from anywhere in it, and must be closed. Raises FileNotFoundError."""
        root = self._folder
        with _told_plainly():
            if root is not None:
                return (root / key).open("rb")
            try:
                reader = obstore.open_reader(self._store, key, buffer_size=CHUNK)
            except FileNotFoundError:
                obstore.get(self._store, key)  # the answer to HEAD does not say that it is the bucket that is missing
                raise
            return io.BufferedReader(_Remote(reader), CHUNK)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; what is not there is as good as removed. S3 gets one request, a folder one call each."""
        with _told_plainly():
            if self._folder is None:
                obstore.delete(self._store, [*keys])
                return
            for key in keys:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, key)

    def remove_leftovers(self, older_than: timedelta) -> int:
        """Remove what killed puts have left in a folder; returns how many files that were.

        The local store writes to `KEY#1`, `KEY#2`, … and renames the file when it is complete, and takes no key
        that ends so. S3 shows nothing of an upload that did not end; a lifecycle rule of the bucket removes it.
        """
        if self._folder is None:
            return 0
        oldest, removed = time.time() - older_than.total_seconds(), 0
        with _told_plainly():
            for path in self._folder.rglob("*#*"):
                with suppress(FileNotFoundError):  # its put has just renamed it
                    if _LEFTOVER.search(path.name) and path.stat().st_mtime < oldest:
                        path.unlink()
                        removed += 1
        return removed

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object below a key like `images/ab`, in no order."""
        with _told_plainly():
            for page in obstore.list(self._store, prefix):
                for found in page:
                    yield StoredObject(found["path"], found["size"], found["last_modified"])

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's content piece by piece, about 1 MiB each. Raises FileNotFoundError."""
        with _told_plainly():
            for chunk in obstore.get(self._store, key).stream(min_chunk_size=CHUNK):
                yield bytes(chunk)


class _Remote(io.RawIOBase):
    """An object of a store on the network, read in ranges."""

    def __init__(self, reader: "ReadableFile") -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with _told_plainly():
            return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        with _told_plainly():
            content = self._reader.read(len(view))
        view[: len(content)] = content
        return len(content)


def _on_the_network(url: str) -> obstore.store.ObjectStore:
    """A store that gives a request up in time: as it comes, it tries ten times, for three minutes.

    One that takes connections and says nothing is given up while a worker's lease still runs, which has two thirds of
    its 30 seconds left at least: so what the worker holds is given back, and not taken for lost.

    One try has the library's 5 seconds for its connection and 30 in all. Client options of ours would take the place of
    all those of the environment (`AWS_ALLOW_HTTP`, `AWS_TIMEOUT`), so this one goes there, too.
    """
    os.environ.setdefault("AWS_READ_TIMEOUT", f"{SILENT_TIME.total_seconds():.0f}s")
    return from_url(url, retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIME})


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Bring what a store raises in the block to StorageFull or Unavailable; FileNotFoundError stays.

    But not where the bucket is missing: then nobody knows of an object that it is not there.
    """
    try:
        yield
    except FileNotFoundError as error:
        if _NO_BUCKET in str(error):
            raise Unavailable("The object store has no such bucket.") from error
        raise
    except (BaseError, OSError) as error:
        if is_full(error) or any(said in str(error) for said in _NO_SPACE):
            raise StorageFull("The object store is full.") from error
        raise Unavailable("The object store does not answer.") from error

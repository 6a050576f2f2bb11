"""One photo, from its URL into the store: downloaded, looked at, kept; or the reason why not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from shared.disk import DiskGuard
from shared.errors import FetchFailed, InvalidInput, ReplyTooLarge, StorageFull, UrlRefused
from shared.fetched_photos import KnownPhoto
from shared.images import image_key, keep_image
from shared.ledger.fetch import FetchOutcome, Photo
from shared.ledger.finish import RowError
from shared.outgoing.client import Got, Outgoing
from shared.preparation import check_photo
from shared.settings import Settings
from shared.store import ObjectStore

PAUSES_SECONDS = (0.5, 2.0)  # between tries, where another one may help
IN_MEMORY = 2**20  # most photos are smaller; larger ones go to a file without a name, which no crash leaves behind
KEPT_AT_ONCE = 2  # a photo takes up to 200 MiB while it is decoded, and a large file some 60 while it is stored


class PhotoFetcher:
    """Fetches photos for any number of threads. `stopping` cuts the pauses between tries short."""

    def __init__(self, settings: Settings, outgoing: Outgoing, store: ObjectStore, stopping: threading.Event) -> None:
        self._outgoing = outgoing
        self._store = store
        self._stopping = stopping
        self._limit = settings.max_image_bytes
        self._disk = DiskGuard(settings.data_dir, settings.disk_reserve_bytes)
        self._folder = settings.data_dir / "tmp"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._keeping = threading.BoundedSemaphore(KEPT_AT_ONCE)

    def fetch(self, url: str, known: KnownPhoto | None = None) -> FetchOutcome:
        """The photo at a URL, stored durably, or the row's error. Raises StorageFull and Unavailable.

        A `known` one is sent again only if it has changed since, or is not stored any more.
        """
        if known is not None and self._store.size(image_key(known.sha256)) != known.size:
            known = None
        with _file_without_name(self._folder) as photo:
            try:
                got = self._download(url, photo, known)
                if known is not None and got.is_unchanged:
                    return Photo(known.sha256, known.size, got.etag)
                with self._keeping:
                    check_photo(photo)
                    return Photo(*keep_image(self._store, photo), got.etag)
            except UrlRefused as refusal:
                return RowError("IMAGE_URL_REFUSED", refusal.message)
            except ReplyTooLarge as failure:
                return RowError("IMAGE_TOO_LARGE", failure.message)
            except FetchFailed as failure:
                return RowError("IMAGE_FETCH_FAILED", failure.message)
            except InvalidInput as error:
                return RowError(error.code, error.message)

    def _download(self, url: str, photo: IO[bytes], known: KnownPhoto | None) -> Got:
        """Fill the file from its beginning, at the third try at the latest."""
        into, etag = _Writer(photo, self._disk), known.etag if known else None
        for pause in PAUSES_SECONDS:
            try:
                return self._try(url, into, etag)
            except FetchFailed as failure:
                if not failure.transient or self._stopping.wait(pause):
                    raise
        return self._try(url, into, etag)

    def _try(self, url: str, into: "_Writer", etag: str | None) -> Got:
        into.begin()
        got = self._outgoing.get(url, into, self._limit, etag)
        into.end()
        return got


class _Writer:
    """Writes a file for as long as the disk has room. All its methods raise StorageFull."""

    def __init__(self, file: IO[bytes], disk: DiskGuard) -> None:
        self._file = file
        self._disk = disk

    def begin(self) -> None:
        """Forget what was written before."""
        self._disk.require_space()
        with _full_if_refused():
            self._file.seek(0)
            self._file.truncate()

    def write(self, data: bytes) -> None:
        """Append some bytes."""
        self._disk.book(len(data))
        with _full_if_refused():
            self._file.write(data)

    def end(self) -> None:
        """Have the file hold what was written: the last of it may have been buffered."""
        with _full_if_refused():
            self._file.flush()


@contextmanager
def _full_if_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFull("The data folder does not take a photo.") from error


@contextmanager
def _file_without_name(folder: Path) -> Iterator[IO[bytes]]:
    file = SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115  # closed below
    try:
        yield file
    finally:
        with suppress(OSError):  # it writes what is still buffered, which a full disk refuses again
            file.close()

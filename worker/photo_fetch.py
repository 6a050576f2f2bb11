"""One photo, from its URL into the store: downloaded, looked at, kept; or the reason why not."""

import threading
from tempfile import SpooledTemporaryFile
from typing import IO

from shared.disk import DiskGuard
from shared.errors import FetchFailed, InvalidInput, ReplyTooLarge, StorageFull, UrlRefused
from shared.images import keep_image
from shared.ledger.fetch import FetchOutcome, Photo
from shared.ledger.finish import RowError
from shared.outgoing.client import Outgoing
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

    def fetch(self, url: str) -> FetchOutcome:
        """The photo at a URL, stored durably, or the row's error. Raises StorageFull and Unavailable."""
        with SpooledTemporaryFile(IN_MEMORY, dir=str(self._folder)) as photo:
            try:
                self._download(url, photo)
                with self._keeping:
                    check_photo(photo)
                    return Photo(*keep_image(self._store, photo))
            except UrlRefused as refusal:
                return RowError("IMAGE_URL_REFUSED", refusal.message)
            except ReplyTooLarge as failure:
                return RowError("IMAGE_TOO_LARGE", failure.message)
            except FetchFailed as failure:
                return RowError("IMAGE_FETCH_FAILED", failure.message)
            except InvalidInput as error:
                return RowError(error.code, error.message)

    def _download(self, url: str, photo: IO[bytes]) -> None:
        """Fill the file from its beginning, at the third try at the latest."""
        for pause in (*PAUSES_SECONDS, None):
            photo.seek(0)
            photo.truncate()
            self._disk.require_space()
            try:
                self._outgoing.get(url, photo, self._limit)
            except FetchFailed as failure:
                if not failure.transient or pause is None or self._stopping.wait(pause):
                    raise
            except OSError as error:  # the network's are FetchFailed: this is the file's
                raise StorageFull("The data folder does not take a photo.") from error
            else:
                return

"""Photos that come with a catalogue, on their way into the store: looked at, hashed, written, and flushed together."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import IO, NamedTuple

from shared.database import Database
from shared.disk import DiskGuard
from shared.errors import InvalidInput, Unavailable
from shared.images import image_key, keep_image, lately_used
from shared.ledger.finish import RowError
from shared.preparation import check_photo, peek_photo
from shared.settings import Settings
from shared.store import ObjectStore

IN_MEMORY = 4 * 2**20  # larger ones are read twice instead, one at a time
WRITERS = 4
KNOWN_AT_ONCE = 16


class KeptPhoto(NamedTuple):
    """A photo that is in the store."""

    sha256: str
    size: int


class PhotoKeeper:
    """Keeps the photos of one process's catalogues."""

    def __init__(self, settings: Settings, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store
        self._limit = settings.max_image_bytes
        self._disk = DiskGuard(settings.data_dir, settings.disk_reserve_bytes)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="photo")

    @contextmanager
    def keeping(self, *, whole: bool) -> Iterator["Keeping"]:
        """Keep some photos; they are durable behind the block.

        With `whole`, each is decoded to its end first, else only its head is looked at: whoever predicts on it decodes
        it anyway. Raises StorageFull and Unavailable.
        """
        keeping = Keeping(self._database, self._store, self._disk, self._writers, self._limit, whole=whole)
        try:
            yield keeping
            keeping.finish()
        finally:
            keeping.wait()

    def close(self) -> None:
        """End the threads that write."""
        self._writers.shutdown(cancel_futures=True)


class Keeping:
    """The photos of one chunk. Those that rows have used lately are there, and neither written nor flushed again."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        disk: DiskGuard,
        writers: ThreadPoolExecutor,
        limit: int,
        *,
        whole: bool,
    ) -> None:
        self._database = database
        self._store = store
        self._disk = disk
        self._writers = writers
        self._limit = limit
        self._whole = whole
        self._keys: list[str] = []
        self._writing: list[Future[None]] = []

    def content(self, content: bytes) -> KeptPhoto | RowError:
        """Keep a photo that is in memory."""
        if len(content) > self._limit:
            return RowError("IMAGE_TOO_LARGE", f"A photo may have at most {self._limit} bytes.")
        try:
            (check_photo if self._whole else peek_photo)(BytesIO(content))
        except InvalidInput as error:
            return RowError(error.code, error.message)
        photo = KeptPhoto(hashlib.sha256(content).hexdigest(), len(content))
        if not self._is_known(photo):
            self._disk.require_space()
            self._disk.book(photo.size)
            key = image_key(photo.sha256)
            self._keys.append(key)
            self._room()
            self._writing.append(self._writers.submit(self._write, key, content))
        return photo

    def file(self, file: IO[bytes]) -> KeptPhoto | RowError:
        """Keep a photo that can be read once or twice."""
        with file:
            head = file.read(IN_MEMORY + 1)
            if len(head) <= IN_MEMORY:
                return self.content(head)
            try:
                file.seek(0)
                (check_photo if self._whole else peek_photo)(file)
            except InvalidInput as error:
                return RowError(error.code, error.message)
            self._disk.require_space()
            return KeptPhoto(*keep_image(self._store, file))

    def finish(self) -> None:
        """Return once everything is written and would survive a power cut."""
        self.wait()
        for written in self._writing:
            written.result()
        try:
            self._store.sync(self._keys)
        except FileNotFoundError:
            raise Unavailable("A photo was just being removed from the store.") from None

    def wait(self) -> None:
        """Return once nothing is being written."""
        for writing in self._writing:
            writing.exception()

    def _is_known(self, photo: KeptPhoto) -> bool:
        with self._database.read() as connection:
            return lately_used(connection, photo.sha256)

    def _room(self) -> None:
        """Wait until few photos are in memory."""
        if len(self._writing) >= KNOWN_AT_ONCE:
            self._writing[-KNOWN_AT_ONCE].exception()

    def _write(self, key: str, content: bytes) -> None:
        if self._store.size(key) != len(content):
            self._store.put(key, content)

"""Photos that come with a catalogue, on their way into the store: looked at, hashed, written, and flushed together."""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from io import SEEK_END, BytesIO
from typing import IO, NamedTuple

from shared.database import Database
from shared.disk import DiskGuard
from shared.errors import InvalidInput, Unavailable
from shared.images import image_key, keep_image, lately_used, use_images
from shared.ledger.finish import RowError
from shared.preparation import check_photo, peek_photo
from shared.settings import Settings
from shared.store import ObjectStore

IN_MEMORY = 4 * 2**20  # larger ones are read twice instead, one at a time
WRITERS = 4
MOST_WAITING = 16  # photos in memory to be written


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
        """Keep some photos; they are durable behind the block, and were used lately.

        With `whole`, each is decoded to its end first, else only its head is looked at: whoever predicts on it decodes
        it anyway. Raises StorageFull and Unavailable.
        """
        self._disk.require_space()
        keeping = Keeping(self._database, self._store, self._disk, self._writers, self._limit, whole=whole)
        try:
            yield keeping
            keeping.finish()
        finally:
            keeping.stop()

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
        self._new: dict[str, int] = {}
        self._writing: deque[Future[None]] = deque()

    def content(self, content: bytes) -> KeptPhoto | RowError:
        """Keep a photo that is in memory. Raises what came of writing those before it."""
        if len(content) > self._limit:
            return RowError("IMAGE_TOO_LARGE", f"A photo may have at most {self._limit} bytes.")
        try:
            (check_photo if self._whole else peek_photo)(BytesIO(content))
        except InvalidInput as error:
            return RowError(error.code, error.message)
        photo = KeptPhoto(hashlib.sha256(content).hexdigest(), len(content))
        if photo.sha256 not in self._new and not self._is_known(photo):
            self._disk.book(photo.size)
            self._make_room()
            self._new[photo.sha256] = photo.size
            self._writing.append(self._writers.submit(self._write, image_key(photo.sha256), content))
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
            self._disk.book(file.seek(0, SEEK_END))
            photo = KeptPhoto(*keep_image(self._store, file))
            self._new[photo.sha256] = photo.size
            return photo

    def finish(self) -> None:
        """Return once everything is written, would survive a power cut, and is used.

        Used here, in a transaction of its own: whoever then names the photos, and holds locks that others wait for,
        need not ask the store for each of them.
        """
        while self._writing:
            self._writing.popleft().result()
        if not self._new:
            return
        try:
            self._store.sync(map(image_key, self._new))
        except FileNotFoundError:
            raise Unavailable("A photo was just being removed from the store.") from None
        with self._database.begin() as connection:
            use_images(connection, self._store, self._new)

    def stop(self) -> None:
        """Return once nothing is being written: what has not been begun is given up."""
        for writing in self._writing:
            writing.cancel()
        wait(self._writing)

    def _is_known(self, photo: KeptPhoto) -> bool:
        with self._database.read() as connection:
            return lately_used(connection, photo.sha256)

    def _make_room(self) -> None:
        """Wait until few photos are in memory. Raises what came of writing."""
        while self._writing and (len(self._writing) >= MOST_WAITING or self._writing[0].done()):
            self._writing.popleft().result()

    def _write(self, key: str, content: bytes) -> None:
        if self._store.size(key) != len(content):
            self._store.put(key, content)

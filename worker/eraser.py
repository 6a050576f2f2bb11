"""The eraser: a thread of every io worker that removes what is deleted or kept no longer, and what nobody needs.

It is no part of the sweep: an object store that hangs must not keep leases from running out.
"""

import random
import time
from datetime import timedelta

from shared.catalogues.files import remove_stray_files
from shared.database import Database
from shared.erasure import erase_some
from shared.image_collection import FOLDERS, adopt_strays, collect_images, collect_released
from shared.logs import get_logger
from shared.settings import Settings
from shared.store import ObjectStore
from worker.repeating import Repeating

ERASE_SECONDS = 2.0  # at a time; then whatever else the thread has to do
COLLECT_SECONDS = 300.0
LEFTOVERS_SECONDS = 3600.0
UNUSED = timedelta(days=1)


class Eraser(Repeating):
    """Erases every `sweep_seconds` for the time of a `with` block, and looks for unused photos now and then."""

    def __init__(self, settings: Settings, database: Database, store: ObjectStore) -> None:
        super().__init__("erase", settings.sweep_seconds, self.erase)
        self._database = database
        self._store = store
        self._kept_for = timedelta(days=settings.retention_days)
        self._behind = ""
        self._folder = random.randrange(FOLDERS)  # noqa: S311  # so that short-lived workers do not all begin alike
        self._collect_at = self._leftovers_at = time.monotonic()

    def erase(self) -> None:
        """Erase what is deleted or too old for a while, and do of the rest what is due."""
        erase_some(self._database, self._store, ERASE_SECONDS, self._kept_for)
        collect_released(self._database, self._store)
        # The next times are set first: what fails is not tried again at every sweep.
        if time.monotonic() >= self._collect_at:
            self._collect_at = time.monotonic() + COLLECT_SECONDS
            self.collect()
        if time.monotonic() >= self._leftovers_at:
            self._leftovers_at = time.monotonic() + LEFTOVERS_SECONDS
            self.remove_leftovers()

    def collect(self) -> None:
        """Look through the next photos that the database knows, and through the next folder of those in the store."""
        self._behind = collect_images(self._database, self._store, UNUSED, self._behind)
        adopt_strays(self._database, self._store, UNUSED, self._folder)
        self._folder = (self._folder + 1) % FOLDERS

    def remove_leftovers(self) -> None:
        """Remove what killed puts and uploads have left in the store."""
        removed = self._store.remove_leftovers(UNUSED) + remove_stray_files(self._database, self._store, UNUSED)
        if removed:
            get_logger().info("erase.leftovers", files=removed)

"""Where the database and the objects belong, where new ones arrive, and where old ones are moved aside."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.changing_places import Move
from cli.checks.ledger import sqlite_file
from shared.errors import ConfigurationError
from shared.settings import Settings
from shared.store import local_folder

ARRIVING, BEFORE = "restoring", "before-"
# SQLite reads them into whatever database it finds them beside, and so they go along with their own.
_WITH_DATABASE = ("", "-wal", "-shm", "-journal")


class Places(NamedTuple):
    """The file of the database, and the folder of the objects: None where these are on the network."""

    database: Path
    store: Path | None

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Where these settings have them. Raises ConfigurationError where the database is no file."""
        database = sqlite_file(settings)
        if database is None:
            raise ConfigurationError("SHELFWISE_DATABASE_URL names no file.")
        store = local_folder(settings.store)
        return cls(database.resolve(), None if store is None else store.resolve())

    def named(self, ending: str) -> "Places":
        """Other names beside these, on the same disks."""
        store = None if self.store is None else self.store.with_name(f"{self.store.name}.{ending}")
        return Places(self.database.with_name(f"{self.database.name}.{ending}"), store)

    def existing(self) -> Iterator[Path]:
        """What is there; a store without anything in it is not."""
        if self.store is not None and self.store.exists() and any(self.store.iterdir()):
            yield self.store
        for ending in _WITH_DATABASE:
            if os.path.lexists(self._beside(ending)):
                yield self._beside(ending)

    def moves_to(self, others: "Places") -> list[Move]:
        """How all that is there comes to other places: the database last."""
        moves = [] if self.store is None or others.store is None else [(self.store, others.store)]
        moves += [(self._beside(ending), others._beside(ending)) for ending in reversed(_WITH_DATABASE)]
        existing = set(self.existing())
        return [move for move in moves if move[0] in existing]

    def aside(self, time: str) -> "Places":
        """Places beside these, named after a time, where nothing is yet."""
        number = 1
        while any((found := self.named(f"{BEFORE}{time}{'' if number == 1 else f'-{number}'}")).existing()):
            number += 1
        return found

    def make_folders(self) -> None:
        """Make the folders in which these places are."""
        for place in (self.database, self.store):
            if place is not None:
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Delete what is there."""
        if self.store is not None and self.store.exists():
            shutil.rmtree(self.store)
        for ending in _WITH_DATABASE:
            self._beside(ending).unlink(missing_ok=True)

    def _beside(self, ending: str) -> Path:
        return self.database.with_name(self.database.name + ending)

"""`shelfwise restore`: a backup becomes the database and the files of a data folder in which nothing runs.

All of it is unpacked beside the places where it is to be, and looked at, before anything is changed. Then old and new
change places by renaming. What was there is moved aside, and never deleted.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cli.backup import refuse_postgresql
from cli.backup_file import DATABASE, BackupRefused, Entry, Manifest, Tally, entries, read_manifest
from cli.changing_places import change_places
from cli.data_folder import UNFINISHED_RESTORE, held_alone
from cli.disk_room import Meter, require_room
from cli.progress import Progress, counting, shown_progress
from cli.restore_places import ARRIVING, Places
from cli.terminal import say, told_when_interrupted
from shared.database_copy import end_sessions, examine_copy
from shared.disk import to_disk
from shared.errors import Conflict
from shared.identifiers import now
from shared.schema import SCHEMA_REVISION
from shared.settings import Settings


def restore(settings: Settings, backup: Path, *, force: bool) -> None:
    """Put a backup's database and files where the settings have them, and say what was done.

    Raises BackupRefused; ConfigurationError where `shelfwise up` runs, or the database in the backup is damaged;
    Conflict where there is a database or are files already, unless forced, and where there is a PostgreSQL; and
    StorageFull. Then nothing has been changed.
    """
    refuse_postgresql(settings)
    places, data_dir = Places.of(settings), settings.data_dir
    with backup.open("rb") as file, told_when_interrupted("stopped; nothing has been changed"):
        manifest = read_manifest(file)
        _refuse_other_kind(manifest, places)
        with held_alone(data_dir, f"`shelfwise up` runs on {data_dir}: stop it first."):
            _refuse_taken(places, force)
            arriving, aside = places.named(ARRIVING), places.aside(f"{now():%Y%m%dT%H%M%SZ}")
            try:
                with shown_progress() as progress:
                    _Unpacking(file, manifest, arriving, progress).run(settings.disk_reserve_bytes)
                taken = places.moves_to(aside)
                change_places(
                    [*taken, *arriving.moves_to(places)], data_dir / UNFINISHED_RESTORE, _what_to_do(backup, aside)
                )
            finally:
                arriving.clear()
    _tell(backup, manifest, [place for _, place in taken])


def _refuse_other_kind(manifest: Manifest, places: Places) -> None:
    if manifest.schema_revision > SCHEMA_REVISION:
        raise BackupRefused(
            f"The backup's schema is {manifest.schema_revision}, and the newest that this Shelfwise knows is "
            f"{SCHEMA_REVISION}: install the newer version."
        )
    if manifest.objects is None and places.store is not None:
        raise BackupRefused(
            "The backup has no files, because its service kept them in a store on the network: set "
            "SHELFWISE_STORE_URL to that."
        )
    if manifest.objects is not None and places.store is None:
        raise BackupRefused(
            "The backup has the files of a store in a folder, and SHELFWISE_STORE_URL names one on the network: "
            "restore it with a folder there."
        )


def _refuse_taken(places: Places, force: bool) -> None:
    first = next(places.existing(), None)
    if first is not None and not force:
        raise Conflict(f"{first} is there already: --force moves it aside, and deletes nothing.")


def _what_to_do(backup: Path, aside: Places) -> str:
    kept = " and ".join(str(place) for place in aside if place is not None)
    return (
        f"A restore was killed while old and new files changed places: run `shelfwise restore --force` with "
        f"{backup.resolve()} once more. What was there before is in {kept}, or still in its place."
    )


class _Unpacking:
    """A backup that is being unpacked, and must prove to be what its manifest says."""

    def __init__(self, file: BinaryIO, manifest: Manifest, arriving: Places, progress: Progress) -> None:
        self._file, self._manifest, self._arriving, self._progress = file, manifest, arriving, progress
        self._of_objects = manifest.objects.size if manifest.objects else 0

    def run(self, reserve: int) -> None:
        """Unpack all of it, safe on the disk. Raises BackupRefused, ConfigurationError and StorageFull."""
        self._arriving.clear()  # what a restore has left that was killed
        self._arriving.make_folders()
        folder = self._arriving.database.parent
        self._require_room(reserve)
        found = entries(self._file)
        meter = Meter(folder, reserve, self._counting("database", self._manifest.database_size))
        self._unpack_database(next(found, None), meter)
        self._unpack_objects(found, reserve)
        self._examine()
        end_sessions(self._arriving.database)
        to_disk(self._arriving.database)
        os.sync()  # one call for a million files, which would take hours one by one

    def _require_room(self, reserve: int) -> None:
        """Raise StorageFull unless there is room, on one disk or on two."""
        database, store = self._arriving.database.parent, self._arriving.store
        together = store is None or store.parent.stat().st_dev == database.stat().st_dev
        require_room(database, self._manifest.database_size + (self._of_objects if together else 0), reserve)
        if store is not None:
            require_room(store.parent, self._of_objects, reserve)

    def _unpack_database(self, entry: Entry | None, meter: Meter) -> None:
        if entry is None or entry.name != DATABASE:
            raise BackupRefused("The backup is damaged: there is no database where it should be.")
        digest = hashlib.sha256()
        with _made(self._arriving.database) as file:
            for piece in meter.passing(entry.content()):
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != self._manifest.database_sha256:
            raise BackupRefused("The backup is damaged: its database is not the one that was written.")

    def _unpack_objects(self, found: Iterator[Entry], reserve: int) -> None:
        tally, store, expected = Tally(), self._arriving.store, self._manifest.objects
        if store is not None:
            store.mkdir(mode=0o700)
            meter = Meter(store, reserve, self._counting("files", self._of_objects))
        for entry in found:
            key = entry.key
            if store is None:
                raise BackupRefused("The backup is damaged: it has files of which its manifest says nothing.")
            with _made(store / key) as file:
                file.writelines(meter.passing(tally.add(key, entry.size, entry.content())))
        if expected is not None and tally.contents().model_copy(update={"gone": expected.gone}) != expected:
            raise BackupRefused("The backup is damaged: its files are not those that were written.")

    def _examine(self) -> None:
        self._progress.show("checking", None, "the database")
        if examine_copy(self._arriving.database).schema_revision != self._manifest.schema_revision:
            raise BackupRefused("The backup is damaged: its database is of another schema than its manifest says.")

    def _counting(self, stage: str, size: int) -> Callable[[int], None]:
        return counting(self._progress, stage, size)


@contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    """A new file, readable by its owner only. Raises BackupRefused where there is one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (FileExistsError, NotADirectoryError):
        raise BackupRefused(f"The backup holds {path.name} twice.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except OSError as error:  # of which a full disk does not say what could not be written
        raise OSError(error.errno, error.strerror, str(path)) from None


def _tell(backup: Path, manifest: Manifest, aside: Sequence[Path]) -> None:
    objects = manifest.objects
    say(
        f"restored {backup}: {manifest.jobs:,} jobs with {manifest.predictions:,} rows"
        + ("" if objects is None else f" and {objects.count:,} files")
        + f", as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if objects is not None and objects.gone:
        say(f"{objects.gone:,} files are not in it: they were deleted while it was being written")
    for place in aside:
        say(f"what was there before is now {place}")
    say("`shelfwise up` starts on it; everybody signs in again, with the password of that time")

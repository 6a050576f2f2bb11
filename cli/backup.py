"""`shelfwise backup`: the database and the files of a service, which may run meanwhile, in one file.

Rows first, then files: a file is stored before the row that names it, and goes only when no row does any more. So
whatever a row of the copy names is either there to be copied, or has been deleted since on purpose.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from rich.filesize import decimal

from cli.backup_file import (
    FORMAT,
    ROOTS,
    Contents,
    Manifest,
    Tally,
    append_database,
    append_object,
    begin,
    end,
    is_object,
    pieces_of,
)
from cli.checks.ledger import opened_database, sqlite_file
from cli.checks.machine import own_version
from cli.disk_room import Meter, require_room
from cli.progress import Progress, counting, shown_progress
from cli.terminal import say, told_when_interrupted
from cli.whole_file import written_whole
from shared.database import Database
from shared.database_copy import copy_database, examine_copy, size_of
from shared.disk import to_disk
from shared.errors import Conflict, NotFound
from shared.identifiers import now
from shared.settings import Settings
from shared.store import ObjectStore, StoredObject, local_folder


def back_up(settings: Settings, target: Path, *, force: bool) -> None:
    """Write a backup to `target`, whole or not at all, and say what is in it.

    Raises Conflict where that is there already, or the database is none of SQLite's; NotFound where there is none;
    StorageFull, if possible before anything is written; and ConfigurationError where the database is damaged.
    """
    refuse_postgresql(settings)
    if target.exists() and not force:
        raise Conflict(f"{target} is there already: --force replaces it.")
    with opened_database(settings) as database:
        if database is None:
            raise NotFound(f"There is no database in {settings.data_dir}.")
        with told_when_interrupted("stopped; nothing was written"), shown_progress() as progress:
            manifest = Backup(settings, database, target.resolve().parent, progress).write(target)
    to_disk(target.resolve().parent)
    _tell(target, manifest)


def refuse_postgresql(settings: Settings) -> None:
    """Raise Conflict where the database is a PostgreSQL, which has tools of its own."""
    if sqlite_file(settings) is None:
        where = local_folder(settings.store) or "the bucket that SHELFWISE_STORE_URL names"
        raise Conflict(f"The database is a PostgreSQL: save it with pg_dump, and then copy the files in {where}.")


class Backup:
    """One backup on its way into a folder that has room for it."""

    def __init__(self, settings: Settings, database: Database, folder: Path, progress: Progress) -> None:
        self._database, self._folder, self._progress = database, folder, progress
        self._reserve = settings.disk_reserve_bytes
        self._store = None if local_folder(settings.store) is None else ObjectStore(settings.store)

    def write(self, target: Path) -> Manifest:
        """Write it, and return what is in it."""
        of_database, of_objects = size_of(self._database), sum(found.size for found in self._objects())
        require_room(self._folder, of_database + max(of_database, of_objects), self._reserve)
        created_at = now()
        with written_whole(target) as file:
            os.fchmod(file.fileno(), 0o600)
            begin(file)
            with self._copied_database() as copy:
                self._progress.show("checking", None, "the copy of the database")
                copied, size = examine_copy(copy), copy.stat().st_size
                sha256 = self._append_database(file, copy, size)
            manifest = Manifest(
                format=FORMAT,
                version=own_version(),
                schema_revision=copied.schema_revision,
                created_at=created_at,
                jobs=copied.jobs,
                predictions=copied.predictions,
                database_size=size,
                database_sha256=sha256,
                objects=None if self._store is None else self._append_objects(file, self._store, of_objects),
            )
            end(file, manifest)
            file.flush()
            os.fsync(file.fileno())
        return manifest

    @contextmanager
    def _copied_database(self) -> Iterator[Path]:
        copy = self._folder / f".{uuid4().hex}.part"
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # nobody else may read what it gets
        try:
            self._progress.show("database", None, f"copying up to {decimal(size_of(self._database))}")
            copy_database(self._database, copy)
            yield copy
        finally:
            copy.unlink()

    def _append_database(self, file: BinaryIO, copy: Path, size: int) -> str:
        """Returns its SHA-256."""
        digest = hashlib.sha256()

        def content(source: BinaryIO) -> Iterator[bytes]:
            for piece in pieces_of(source):
                digest.update(piece)
                yield piece

        with copy.open("rb") as source:
            append_database(file, size, self._meter("writing", size).passing(content(source)))
        return digest.hexdigest()

    def _append_objects(self, file: BinaryIO, store: ObjectStore, expected: int) -> Contents:
        tally, meter = Tally(), self._meter("files", expected)
        for found in self._objects():
            try:
                source = store.open(found.key)
            except FileNotFoundError:
                tally.gone += 1
                continue
            with source:
                size = os.fstat(source.fileno()).st_size
                content = meter.passing(tally.add(found.key, size, pieces_of(source)))
                append_object(file, found.key, size, content)
        return tally.contents()

    def _objects(self) -> Iterator[StoredObject]:
        """What the service keeps in a store of its own; what else lies there is not ours."""
        if self._store is not None:
            for root in ROOTS:
                yield from (found for found in self._store.objects(root) if is_object(found.key))

    def _meter(self, stage: str, size: int) -> Meter:
        return Meter(self._folder, self._reserve, counting(self._progress, stage, size))


def _tell(target: Path, manifest: Manifest) -> None:
    objects = manifest.objects
    say(
        f"wrote {target}: {decimal(target.stat().st_size)}, {manifest.jobs:,} jobs with {manifest.predictions:,} rows, "
        + ("and no files" if objects is None else f"{objects.count:,} files")
        + f", as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if objects is None:
        say("the object store is on the network, and nothing of it is in the backup: copy it by its own means")
    elif objects.gone:
        say(f"{objects.gone:,} files were deleted meanwhile and are not in it")
    say("keep it like a password: it holds hashes of passwords, and the secrets of webhooks")
    say("the signing key and Flower's password are not in it: where it is restored, everybody signs in again")

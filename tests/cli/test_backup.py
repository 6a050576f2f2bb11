"""`shelfwise backup`: one file with all that counts, whole or not at all."""

import json
import os
import tarfile
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from cli.backup import Backup, back_up
from cli.backup_file import MANIFEST, MANIFEST_BYTES
from shared.database import Database, sqlite_module
from shared.errors import ConfigurationError, Conflict, NotFound, StorageFull
from shared.schema import SCHEMA_REVISION
from shared.settings import Settings
from shared.store import ObjectStore
from tests.cli.command import shelfwise
from tests.support.backups import OBJECTS, fill, settings_of
from tests.support.small_disk import MIB, small_disk


class Told:
    """Progress that tells somebody, who may do something at that moment."""

    def __init__(self, hear: Callable[[str, str], None] = lambda stage, words: None) -> None:
        self.show = lambda stage, share, words: hear(stage, words)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path, migrated_sqlite: Path) -> Settings:
    return fill(tmp_path / "data", migrated_sqlite)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the backup is to be, in a folder of its own."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "one.tar"


def manifest_of(backup: Path) -> dict[str, Any]:
    return json.loads(files_in(backup)[MANIFEST])  # type: ignore[no-any-return]


def files_in(backup: Path) -> dict[str, bytes]:
    """What any `tar` finds in a backup."""
    with tarfile.open(backup) as archive:
        found = {member.name: archive.extractfile(member) for member in archive}
        return {name: content.read() for name, content in found.items() if content is not None}


def test_a_backup_is_a_tar_of_the_database_and_of_every_file(settings: Settings, target: Path) -> None:
    done = shelfwise("backup", target, "--data-dir", settings.data_dir, SHELFWISE_DISK_RESERVE_BYTES="0")

    assert (done.returncode, done.stderr) == (0, "")
    found = files_in(target)
    assert list(found)[:2] == [MANIFEST, "shelfwise.db"]
    assert {name.removeprefix("store/"): found[name] for name in list(found)[2:]} == OBJECTS
    (target.parent / "copy.db").write_bytes(found["shelfwise.db"])
    with closing(sqlite_module().connect(target.parent / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT status, total FROM jobs ORDER BY id").fetchall() == [
            ("succeeded", 1),
            ("queued", 1),
        ]


def test_its_manifest_says_what_it_is(settings: Settings, target: Path) -> None:
    back_up(settings, target, force=False)

    manifest = manifest_of(target)
    made = datetime.fromisoformat(manifest["created_at"])
    assert made.tzinfo == UTC
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)
    assert (manifest["format"], manifest["schema_revision"]) == (1, SCHEMA_REVISION)
    assert (manifest["jobs"], manifest["predictions"]) == (2, 2)
    objects = manifest["objects"]
    assert (objects["count"], objects["size"], objects["gone"]) == (len(OBJECTS), sum(map(len, OBJECTS.values())), 0)


def test_only_its_owner_can_read_it(settings: Settings, target: Path) -> None:
    back_up(settings, target, force=False)

    assert target.stat().st_mode & 0o777 == 0o600
    assert os.listdir(target.parent) == [target.name]


def test_it_says_what_is_in_it_and_what_is_not(
    settings: Settings, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(settings, target, force=False)

    said = capsys.readouterr().out
    assert f"wrote {target}: " in said
    assert "2 jobs with 2 rows, 5 files, as of " in said
    assert "keep it like a password" in said
    assert "the signing key and Flower's password are not in it" in said


def test_secrets_in_files_are_not_in_it(settings: Settings, target: Path) -> None:
    (settings.data_dir / "secret_key").write_text("the key that signs tokens")

    back_up(settings, target, force=False)

    assert b"the key that signs tokens" not in target.read_bytes()


def test_rows_that_are_not_in_the_databases_own_file_yet_are_in_it(settings: Settings, target: Path) -> None:
    with closing(Database(settings.database)) as database:  # while it is open, its last writes lie beside it
        with database.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET name = 'written a moment ago'")
        assert (settings.data_dir / "shelfwise.db-wal").stat().st_size > 0

        back_up(settings, target, force=False)

    assert b"written a moment ago" in files_in(target)["shelfwise.db"]


def test_whoever_writes_meanwhile_neither_waits_nor_gets_into_it(settings: Settings, target: Path) -> None:
    with closing(Database(settings.database)) as database, closing(Database(settings.database)) as other:

        def write(stage: str, _words: str) -> None:
            with other.begin() as connection:
                connection.exec_driver_sql("UPDATE jobs SET name = ?", (f"while {stage}",))

        Backup(settings, database, target.parent, Told(write)).write(target)

    copied = files_in(target)["shelfwise.db"]
    assert b"while database" in copied
    assert b"while files" not in copied


def test_a_file_is_not_overwritten_unless_asked(settings: Settings, target: Path) -> None:
    target.write_text("an older backup")

    with pytest.raises(Conflict) as refused:
        back_up(settings, target, force=False)
    assert refused.value.message == f"{target} is there already: --force replaces it."
    assert target.read_text() == "an older backup"

    back_up(settings, target, force=True)
    assert manifest_of(target)["jobs"] == 2
    assert target.stat().st_mode & 0o777 == 0o600


def test_files_that_are_deleted_meanwhile_are_counted(settings: Settings, target: Path) -> None:
    store = ObjectStore(settings.store)
    photos = [key for key in OBJECTS if key.startswith("images/")]

    def delete(stage: str, _words: str) -> None:
        if stage == "files":
            store.delete(photos)

    with closing(Database(settings.database)) as database:
        manifest = Backup(settings, database, target.parent, Told(delete)).write(target)

    assert manifest.objects is not None
    assert (manifest.objects.count, manifest.objects.gone) == (3, 2)
    assert len([name for name in files_in(target) if name.startswith("store/images")]) == 1


def test_what_lies_in_the_store_and_is_not_ours_stays_there(settings: Settings, target: Path) -> None:
    for name in ("notes.txt", "images/.hidden", "images/ab/cd/ef", "images/ab/a name"):
        path = settings.data_dir / "store" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not ours")

    back_up(settings, target, force=False)

    assert manifest_of(target)["objects"]["count"] == len(OBJECTS)


@pytest.mark.parametrize("stage", ["database", "checking", "writing", "files"])
def test_what_is_stopped_leaves_nothing(settings: Settings, target: Path, stage: str) -> None:
    def stop(reached: str, _words: str) -> None:
        if reached == stage:
            raise KeyboardInterrupt

    with closing(Database(settings.database)) as database, pytest.raises(KeyboardInterrupt):
        Backup(settings, database, target.parent, Told(stop)).write(target)

    assert os.listdir(target.parent) == []


def test_a_damaged_database_makes_no_backup(settings: Settings, target: Path) -> None:
    file = settings.data_dir / "shelfwise.db"
    content = bytearray(file.read_bytes())
    page = content.index(b"Chaise longue") // 4096 * 4096
    content[page : page + 8] = b"\xff" * 8
    file.write_bytes(content)

    with pytest.raises(ConfigurationError) as refused:
        back_up(settings, target, force=False)

    assert refused.value.message.startswith("The database cannot be copied: ")
    assert os.listdir(target.parent) == []


def test_a_disk_without_room_is_told_before_anything_is_written(settings: Settings, target: Path) -> None:
    with pytest.raises(StorageFull) as refused:
        back_up(settings_of(settings.data_dir, disk_reserve_bytes=2**60), target, force=False)

    assert refused.value.message.startswith(f"There is no room in {target.parent}: ")
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("stage", ["database", "writing", "files"])
def test_a_disk_that_fills_up_meanwhile_ends_in_a_sentence(settings: Settings, tmp_path: Path, stage: str) -> None:
    (settings.data_dir / "store/images/00/large").write_bytes(bytes(4 * MIB))
    with small_disk(tmp_path / "disk") as disk, closing(Database(settings.database)) as database:

        def fill_up(reached: str, _words: str) -> None:
            if reached == stage:
                disk.fill()

        with pytest.raises((StorageFull, OSError)):
            Backup(settings, database, disk.path, Told(fill_up)).write(disk.path / "one.tar")
        disk.free()

        assert os.listdir(disk.path) == []


def test_a_large_file_takes_no_memory(settings: Settings, target: Path) -> None:
    with (settings.data_dir / "store/catalogues/large").open("wb") as large:
        large.truncate(100 * MIB)

    tracemalloc.start()
    back_up(settings, target, force=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 16 * MIB


def test_without_a_database_there_is_nothing_to_save(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        back_up(settings_of(tmp_path / "data"), tmp_path / "one.tar", force=False)

    assert os.listdir(tmp_path) == []


def test_a_database_of_an_older_schema_can_be_saved_before_it_is_migrated(settings: Settings, target: Path) -> None:
    with closing(sqlite_module().connect(settings.data_dir / "shelfwise.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()

    back_up(settings, target, force=False)

    assert manifest_of(target)["schema_revision"] == "0001"


def test_of_a_store_on_the_network_the_database_is_saved_alone(
    settings: Settings, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(settings_of(settings.data_dir, store_url="s3://shelfwise"), target, force=False)

    assert list(files_in(target)) == [MANIFEST, "shelfwise.db"]
    assert manifest_of(target)["objects"] is None
    assert "nothing of it is in the backup" in capsys.readouterr().out


def test_a_postgresql_is_left_to_its_own_tools(tmp_path: Path) -> None:
    done = shelfwise(
        "backup",
        tmp_path / "one.tar",
        "--data-dir",
        tmp_path / "data",
        SHELFWISE_DATABASE_URL="postgresql://ann:sesame@127.0.0.1:1/x",
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "shelfwise: The database is a PostgreSQL: save it with pg_dump, and then copy the files in "
        f"{tmp_path / 'data' / 'store'}.\n"
    )


def test_the_manifest_fills_its_place(settings: Settings, target: Path) -> None:
    back_up(settings, target, force=False)

    assert len(files_in(target)[MANIFEST]) == MANIFEST_BYTES

"""`shelfwise restore`: a backup comes back whole, or nothing is changed."""

import fcntl
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command

from cli.backup import back_up
from cli.backup_file import MANIFEST_BYTES, BackupRefused
from cli.changing_places import change_places
from cli.data_folder import UNFINISHED_RESTORE, refuse_unfinished_restore
from cli.restore import restore
from cli.restore_places import Places
from migrations.upgrade import alembic_config, upgrade
from shared.database import Database, sqlite_module
from shared.errors import ConfigurationError, Conflict, ShelfwiseError, StorageFull
from shared.schema import is_usable
from shared.settings import Settings
from tests.cli.command import shelfwise
from tests.support.backups import OBJECTS, fill, objects_in, settings_of
from tests.support.small_disk import MIB, small_disk
from tests.support.waiting import wait_for

OTHER = "another service's"
A_HEADER = b"store/catalogues/"  # begins the header of a file behind the photos


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """A backup of a small service, as it was written."""
    root = tmp_path_factory.mktemp("backup")
    back_up(fill(root / "data", migrated_sqlite), root / "one.tar", force=False)
    return root / "one.tar"


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    """Settings of a data folder that is not there yet."""
    return settings_of(tmp_path / "restored")


@pytest.fixture
def used(tmp_path: Path, migrated_sqlite: Path) -> Settings:
    """Settings of a data folder in which another service has left something."""
    settings = settings_of(tmp_path / "used")
    (settings.data_dir / "store").mkdir(parents=True)
    (settings.data_dir / "store" / "photo").write_text(OTHER)
    (settings.data_dir / "shelfwise.db").write_bytes(migrated_sqlite.read_bytes())
    return settings


def asked(settings: Settings, question: str) -> list[Any]:
    with closing(Database(settings.database)) as database, database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(question)]


def names_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# --- what comes back -----------------------------------------------------------------------------------------------


def test_a_backup_comes_back_with_every_row_and_every_file(backup: Path, empty: Settings) -> None:
    done = shelfwise("restore", backup, "--data-dir", empty.data_dir, SHELFWISE_DISK_RESERVE_BYTES="0")

    assert (done.returncode, done.stderr) == (0, "")
    assert asked(empty, "SELECT status FROM jobs ORDER BY id") == [("succeeded",), ("queued",)]
    assert objects_in(empty.data_dir / "store") == OBJECTS
    assert names_in(empty.data_dir) == ["shelfwise.db", "store", "up.lock"]
    with closing(Database(empty.database)) as database:
        assert is_usable(database)


def test_only_its_owner_can_read_what_comes_back(backup: Path, empty: Settings) -> None:
    restore(empty, backup, force=False)

    made = [empty.data_dir, empty.data_dir / "store", *empty.data_dir.rglob("*.*"), *empty.data_dir.rglob("*/*/*/*")]
    assert [path for path in made if path.name != "up.lock" and path.stat().st_mode & 0o077] == []


def test_it_says_what_came_back(backup: Path, empty: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    restore(empty, backup, force=False)

    said = capsys.readouterr().out
    assert f"restored {backup}: 2 jobs with 2 rows and 5 files, as of " in said
    assert "everybody signs in again" in said


def test_everybody_has_to_sign_in_again(backup: Path, empty: Settings) -> None:
    restore(empty, backup, force=False)

    assert asked(empty, "SELECT count(*) FROM refresh_tokens") == [(0,)]
    assert asked(empty, "SELECT username FROM users") == [("owner",)]


def test_database_and_store_come_to_where_the_settings_have_them(backup: Path, tmp_path: Path) -> None:
    elsewhere = {
        "database_url": f"sqlite:///{tmp_path}/disk/of/rows.db",
        "store_url": (tmp_path / "disk" / "of files").as_uri(),
    }
    settings = settings_of(tmp_path / "data", **elsewhere)

    restore(settings, backup, force=False)

    assert objects_in(tmp_path / "disk" / "of files") == OBJECTS
    assert asked(settings, "SELECT count(*) FROM jobs") == [(2,)]
    assert names_in(tmp_path / "data") == ["up.lock"]


def test_a_backup_of_an_older_schema_is_brought_up_by_the_next_start(tmp_path: Path, empty: Settings) -> None:
    older = settings_of(tmp_path / "older")
    older.data_dir.mkdir()
    command.upgrade(alembic_config(older.database), "0003")
    back_up(older, tmp_path / "older.tar", force=False)

    restore(empty, tmp_path / "older.tar", force=False)
    upgrade(empty.database)

    with closing(Database(empty.database)) as database:
        assert is_usable(database)


def test_the_database_alone_comes_back_where_the_store_is_on_the_network(tmp_path: Path, migrated_sqlite: Path) -> None:
    fill(tmp_path / "data", migrated_sqlite)
    on_network = {"store_url": "s3://shelfwise"}
    back_up(settings_of(tmp_path / "data", **on_network), tmp_path / "one.tar", force=False)
    settings = settings_of(tmp_path / "restored", **on_network)

    restore(settings, tmp_path / "one.tar", force=False)

    assert asked(settings, "SELECT count(*) FROM jobs") == [(2,)]
    assert names_in(settings.data_dir) == ["shelfwise.db", "up.lock"]
    with pytest.raises(BackupRefused, match="SHELFWISE_STORE_URL"):
        restore(settings_of(tmp_path / "other"), tmp_path / "one.tar", force=False)


def test_files_do_not_come_back_into_a_store_on_the_network(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="SHELFWISE_STORE_URL"):
        restore(settings_of(tmp_path / "data", store_url="s3://shelfwise"), backup, force=False)

    assert os.listdir(tmp_path) == []


# --- what is there already -----------------------------------------------------------------------------------------


def test_nothing_is_restored_while_the_service_runs(backup: Path, used: Settings) -> None:
    with (used.data_dir / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(ConfigurationError) as refused:
            restore(used, backup, force=True)

    assert refused.value.message == f"`shelfwise up` runs on {used.data_dir}: stop it first."
    assert names_in(used.data_dir) == ["shelfwise.db", "store", "up.lock"]


def test_a_database_that_is_there_is_not_touched(backup: Path, used: Settings) -> None:
    (used.data_dir / "store" / "photo").unlink()

    with pytest.raises(Conflict) as refused:
        restore(used, backup, force=False)

    assert refused.value.message.startswith(f"{used.data_dir / 'shelfwise.db'} is there already: --force ")
    assert asked(used, "SELECT count(*) FROM jobs") == [(0,)]


def test_files_that_are_there_are_not_touched_either(backup: Path, used: Settings) -> None:
    (used.data_dir / "shelfwise.db").unlink()

    with pytest.raises(Conflict) as refused:
        restore(used, backup, force=False)

    assert refused.value.message.startswith(f"{used.data_dir / 'store'} is there already: --force ")


def test_an_empty_store_is_nothing(backup: Path, empty: Settings) -> None:
    (empty.data_dir / "store").mkdir(parents=True)

    restore(empty, backup, force=False)

    assert objects_in(empty.data_dir / "store") == OBJECTS


def test_with_force_all_that_was_there_is_moved_aside(
    backup: Path, used: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite_module().connect(used.data_dir / "shelfwise.db")) as running:
        running.execute("PRAGMA wal_autocheckpoint=0")
        running.execute("INSERT INTO categories (code, name) VALUES (7, 'only beside the database yet')")
        running.commit()
        wal = (used.data_dir / "shelfwise.db-wal").read_bytes()
        assert wal

        restore(used, backup, force=True)

    store, database = (Path(line.split()[-1]) for line in said_aside(capsys) if not line.endswith(("-wal", "-shm")))
    assert (store / "photo").read_text() == OTHER
    with closing(sqlite_module().connect(database)) as before:
        assert before.execute("SELECT name FROM categories WHERE code = 7").fetchall() != []
    assert asked(used, "SELECT count(*) FROM categories WHERE code = 7") == [(0,)]
    assert asked(used, "SELECT count(*) FROM jobs") == [(2,)]
    assert objects_in(used.data_dir / "store") == OBJECTS


def said_aside(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that say where something was moved to."""
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("what was there before is now ")]


def test_a_log_that_has_lost_its_database_is_moved_aside_too(backup: Path, empty: Settings) -> None:
    empty.data_dir.mkdir()
    (empty.data_dir / "shelfwise.db-wal").write_text(OTHER)

    restore(empty, backup, force=True)

    assert not (empty.data_dir / "shelfwise.db-wal").exists()
    assert [path.read_text() for path in empty.data_dir.glob("*-wal")] == [OTHER]


def test_what_was_moved_aside_before_stays(backup: Path, used: Settings) -> None:
    for _ in range(3):
        restore(used, backup, force=True)

    aside = sorted(used.data_dir.glob("store.before-*"))
    assert len(aside) == 3
    assert (aside[0] / "photo").read_text() == OTHER


def test_a_disk_without_room_is_told_before_anything_is_written(backup: Path, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data", disk_reserve_bytes=2**60)

    with pytest.raises(StorageFull):
        restore(settings, backup, force=False)

    assert names_in(settings.data_dir) == ["up.lock"]


def test_a_postgresql_is_left_to_its_own_tools(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="pg_dump"):
        restore(settings_of(tmp_path, database_url="postgresql://127.0.0.1:1/x"), backup, force=False)


# --- what is no backup ---------------------------------------------------------------------------------------------


class Archive:
    """A backup as a list of its files, to be changed and written again."""

    def __init__(self, backup: Path) -> None:
        with tarfile.open(backup) as archive:
            members = [(member, archive.extractfile(member)) for member in archive]
            self.entries = [(member, content.read()) for member, content in members if content is not None]

    def name(self, place: int, name: str, **header: Any) -> None:
        """Give an entry another name, and other words in its header."""
        self.entries[place][0].name = name
        for field, value in header.items():
            setattr(self.entries[place][0], field, value)

    def replace(self, place: int, content: bytes) -> None:
        member, _ = self.entries[place]
        member.size = len(content)
        self.entries[place] = member, content

    def manifest(self, **changes: Any) -> None:
        """Change words of the manifest."""
        said = json.loads(self.entries[0][1]) | changes
        self.replace(0, json.dumps(said).encode().ljust(MANIFEST_BYTES))

    def database(self, statement: str, folder: Path) -> None:
        """Change the database, and have the manifest know it."""
        file = folder / "changed.db"
        file.write_bytes(self.entries[1][1])
        with closing(sqlite_module().connect(file)) as connection:
            connection.execute(statement)
            connection.commit()
        self.replace(1, file.read_bytes())
        file.unlink()
        content = self.entries[1][1]
        self.manifest(database_size=len(content), database_sha256=hashlib.sha256(content).hexdigest())

    def write(self, target: Path) -> None:
        with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
            for member, content in self.entries:
                archive.addfile(member, io.BytesIO(content) if member.isreg() else None)


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


LAST = -1
Damage = Callable[[Archive], object]
DAMAGES: dict[str, tuple[Damage, str]] = {
    "no manifest": (lambda it: it.entries.pop(0), "The file is no backup of Shelfwise."),
    "a manifest that is no JSON": (lambda it: it.replace(0, b"x" * MANIFEST_BYTES), "its manifest.json cannot be read"),
    "a manifest without a date": (lambda it: it.manifest(created_at=None), "its manifest.json cannot be read"),
    "a manifest with a word more": (lambda it: it.manifest(password="x"), "its manifest.json cannot be read"),
    "a manifest of another size": (lambda it: it.replace(0, b"{}"), "The file is no backup of Shelfwise."),
    "a newer format": (lambda it: it.manifest(format=2, what="else"), "of format 2: install the newer version"),
    "a newer schema": (lambda it: it.manifest(schema_revision="9999"), "install the newer version"),
    "another schema than it says": (
        lambda it: it.manifest(schema_revision="0001"),
        "its database is of another schema",
    ),
    "no database": (lambda it: it.entries.pop(1), "there is no database where it should be"),
    "a flipped bit of the database": (
        lambda it: it.replace(1, flip(it.entries[1][1], 9000)),
        "its database is not the one that was written",
    ),
    "a flipped bit of a file": (
        lambda it: it.replace(LAST, flip(it.entries[LAST][1], 0)),
        "its files are not those that were written",
    ),
    "a file less": (lambda it: it.entries.pop(), "its files are not those that were written"),
    "a file under another name": (
        lambda it: it.name(LAST, "store/images/ab/cd"),
        "its files are not those that were written",
    ),
    "a file twice": (lambda it: it.entries.append(it.entries[LAST]), " twice."),
    "a folder where a file is": (lambda it: it.name(LAST, it.entries[2][0].name.rpartition("/")[0]), " twice."),
    "the database twice": (lambda it: it.entries.append(it.entries[1]), "which does not belong there"),
    "an absolute name": (lambda it: it.name(LAST, "/tmp/evil"), "which does not belong there"),
    "a name that leads out": (lambda it: it.name(LAST, "store/images/../../evil"), "which does not belong there"),
    "a name that leads out of the folder": (lambda it: it.name(LAST, "../evil"), "which does not belong there"),
    "a name of another kind": (lambda it: it.name(LAST, "store/other/evil"), "which does not belong there"),
    "a hidden name": (lambda it: it.name(LAST, "store/images/.evil"), "which does not belong there"),
    "a secret": (lambda it: it.name(LAST, "secret_key"), "which does not belong there"),
    "a link": (lambda it: it.name(LAST, "store/images/l", type=tarfile.SYMTYPE, linkname="/etc"), "no plain file"),
    "a hard link": (
        lambda it: it.name(LAST, "store/images/l", type=tarfile.LNKTYPE, linkname="shelfwise.db"),
        "no plain file",
    ),
    "a folder": (lambda it: it.name(LAST, "store/images/l", type=tarfile.DIRTYPE), "no plain file"),
    "a device": (lambda it: it.name(LAST, "store/images/l", type=tarfile.CHRTYPE), "no plain file"),
}


def refusal_of(backup: Path, settings: Settings) -> str:
    """Why a backup is refused; nothing is left of it."""
    with pytest.raises(ShelfwiseError) as refused:
        restore(settings, backup, force=False)
    assert not settings.data_dir.exists() or names_in(settings.data_dir) == ["up.lock"]
    return refused.value.message


@pytest.mark.parametrize("kind", DAMAGES)
def test_what_was_not_written_so_is_refused(backup: Path, empty: Settings, tmp_path: Path, kind: str) -> None:
    damage, sentence = DAMAGES[kind]
    archive = Archive(backup)
    damage(archive)
    archive.write(tmp_path / "bad.tar")

    assert sentence in refusal_of(tmp_path / "bad.tar", empty)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda _: b"", "The backup is cut off"),
        (lambda _: b"no tar at all\n" * 1000, "The file is no backup"),
        (lambda whole: whole[:100], "The backup is cut off"),
        (lambda whole: whole[:50_000], "it ends within shelfwise.db"),
        (lambda whole: whole[: whole.index(A_HEADER) + 512], "it ends within store/"),
        (lambda whole: whole[: whole.index(A_HEADER)], "it has no end"),
        (lambda whole: whole[:512] + flip(whole[512:], 5), "its manifest.json cannot be read"),
        (lambda whole: flip(whole, whole.index(A_HEADER)), "or it is damaged"),
        (lambda whole: whole[:-1] + b"x", "something follows behind its end"),
        (lambda whole: whole + bytes(20_480), "something follows behind its end"),
    ],
)
def test_a_file_that_was_cut_or_changed_is_refused(
    backup: Path, empty: Settings, tmp_path: Path, damage: Callable[[bytes], bytes], sentence: str
) -> None:
    (tmp_path / "bad.tar").write_bytes(damage(backup.read_bytes()))

    assert sentence in refusal_of(tmp_path / "bad.tar", empty)


def test_a_packed_one_is_refused(backup: Path, empty: Settings, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "one.tar.gz", "w:gz") as packed:
        packed.add(backup)

    assert refusal_of(tmp_path / "one.tar.gz", empty) == "The file is no backup of Shelfwise, or it is damaged."


def test_a_size_that_no_file_has_is_refused(backup: Path, empty: Settings, tmp_path: Path) -> None:
    whole = bytearray(backup.read_bytes())
    place = whole.index(A_HEADER)
    header = tarfile.TarInfo.frombuf(bytes(whole[place : place + 512]), "ascii", "strict")
    header.size = 2**60
    whole[place : place + 512] = header.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")
    (tmp_path / "bad.tar").write_bytes(whole)

    assert "it ends within store/" in refusal_of(tmp_path / "bad.tar", empty)


def test_a_database_that_is_not_whole_is_refused(backup: Path, empty: Settings, tmp_path: Path) -> None:
    archive = Archive(backup)
    archive.database("DROP TABLE alembic_version", tmp_path)
    archive.write(tmp_path / "bad.tar")

    assert refusal_of(tmp_path / "bad.tar", empty).startswith("The database is damaged: no such table")


def test_a_refused_backup_leaves_what_was_there(backup: Path, used: Settings, tmp_path: Path) -> None:
    archive = Archive(backup)
    archive.entries.pop()
    archive.write(tmp_path / "bad.tar")

    with pytest.raises(BackupRefused):
        restore(used, tmp_path / "bad.tar", force=True)

    assert names_in(used.data_dir) == ["shelfwise.db", "store", "up.lock"]
    assert (used.data_dir / "store" / "photo").read_text() == OTHER


# --- what is killed ------------------------------------------------------------------------------------------------


def test_killed_while_it_unpacks_it_leaves_what_was_there(backup: Path, used: Settings, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "cli", "restore", "--force", str(pipe), "--data-dir", str(used.data_dir)]
    environment = os.environ | {"SHELFWISE_DISK_RESERVE_BYTES": "0"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process, pipe.open("wb") as half:
        half.write(backup.read_bytes().partition(A_HEADER)[0])
        half.flush()
        arriving = Places.of(used).named("restoring").store
        assert arriving is not None
        wait_for(lambda: arriving.exists() and any(arriving.rglob("*")), 30, "files that arrive")
        process.kill()
        process.wait()

    assert (used.data_dir / "store" / "photo").read_text() == OTHER
    assert asked(used, "SELECT count(*) FROM jobs") == [(0,)]
    refuse_unfinished_restore(used.data_dir)
    restore(used, backup, force=True)
    assert [name for name in names_in(used.data_dir) if "restoring" in name] == []


KILLED_AFTER = """
import os, signal, sys
from pathlib import Path
from cli.changing_places import change_places

class Killed(list):
    def __iter__(self):
        yield from list.__iter__(self)
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
moves = Killed([(folder / "store", folder / "store.before")])
change_places(moves, folder / sys.argv[2], "Restore it once more.")
"""


def test_killed_while_places_are_changed_it_says_what_to_do(backup: Path, used: Settings) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED_AFTER, str(used.data_dir), UNFINISHED_RESTORE])
    assert killed.returncode == -signal.SIGKILL

    with pytest.raises(ConfigurationError) as refused:
        refuse_unfinished_restore(used.data_dir)
    assert refused.value.message == "Restore it once more."

    restore(used, backup, force=True)
    refuse_unfinished_restore(used.data_dir)
    assert asked(used, "SELECT count(*) FROM jobs") == [(2,)]
    assert (used.data_dir / "store.before" / "photo").read_text() == OTHER


def test_a_move_that_fails_takes_the_others_back(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("first")
    (tmp_path / "second").write_text("second")
    moves: Sequence[tuple[Path, Path]] = [
        (tmp_path / "first", tmp_path / "first.aside"),
        (tmp_path / "second", tmp_path / "first"),
        (tmp_path / "missing", tmp_path / "second"),
    ]

    with pytest.raises(FileNotFoundError):
        change_places(moves, tmp_path / "note", "Do something.")

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"first": "first", "second": "second"}


def test_the_room_of_the_disk_with_the_files_counts_for_files(backup: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size=MIB) as disk:
        disk.fill()
        settings = settings_of(tmp_path / "data", store_url=(disk.path / "store").as_uri())

        with pytest.raises(StorageFull) as refused:
            restore(settings, backup, force=False)

    assert refused.value.message.startswith(f"There is no room in {disk.path}: ")


def test_a_disk_that_fills_up_meanwhile_ends_in_a_sentence(backup: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size=MIB) as disk:
        disk.fill(leave=4096)  # room for the bytes of all files, and not for each of them
        settings = settings_of(tmp_path / "data", store_url=(disk.path / "store").as_uri())

        with pytest.raises(OSError, match="No space left on device") as refused:
            restore(settings, backup, force=False)

        assert str(refused.value.filename).startswith(str(disk.path))
        assert names_in(disk.path) == ["somebody-elses.file"]
    assert names_in(settings.data_dir) == ["up.lock"]

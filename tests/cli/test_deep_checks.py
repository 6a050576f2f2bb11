"""What `shelfwise doctor --deep` reads, and what restores leave: each broken on purpose."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from cli.checks.contents import SHOWN, check_contents
from cli.checks.files import FORGOTTEN, check_files
from cli.checks.findings import Check, Patient, findings_of
from cli.checks.restores import check_restores
from cli.data_folder import UNFINISHED_RESTORE
from shared.catalogues.source import Format, Source, source_key
from shared.database import Database, sqlite_module
from shared.identifiers import now
from shared.images import image_key
from shared.ledger.submission import ProductInput
from shared.lifecycle import BatchState
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Batch, Image, Job
from tests.conftest import add_owner, only_on_sqlite
from tests.support.intake import accept_file, keep_photo
from tests.support.ledger import TITLE, accept

PHOTO = "ab" * 32


@pytest.fixture
def patient(database: Database, tmp_path: Path) -> Patient:
    url = database.engine.url.render_as_string(hide_password=False)
    return Patient(load_settings(data_dir=tmp_path / "data", database_url=url), running=False, deep=True)


def found(check: Check, patient: Patient, subject: str) -> list[tuple[str, str]]:
    return [
        (finding.verdict, finding.sentence) for finding in findings_of(check, patient) if finding.subject == subject
    ]


def name_photo(database: Database, owner: str, size: int) -> None:
    """Have a row name the photo."""
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=size))
    accept(database, owner, ProductInput(image=PHOTO))


def submit_file(database: Database, store: ObjectStore, owner: str, content: bytes) -> tuple[str, str]:
    """A job with a file of ten bytes in its row and this content in the store; its id and the file's key."""
    key = source_key("one")
    store.put(key, content)
    source = Source(key=key, size=10, sha256="ab" * 32, format=Format.CSV)
    return accept_file(database, owner, source=source), key


def grow_old(folder: Path, key: str) -> None:
    then = time.time() - FORGOTTEN.total_seconds() - 60
    os.utime(folder / key, (then, then))


# --- the database --------------------------------------------------------------------------------------------------


def test_what_contradicts_itself_is_told_row_by_row(database: Database, owner: str, patient: Patient) -> None:
    (job_id,) = accept(database, owner, TITLE)
    assert found(check_contents, patient, "ledger") == [("ok", "No job, batch, row or delivery contradicts another.")]
    with database.begin() as connection:
        connection.execute(update(Batch).values(state=BatchState.DONE))

    told = found(check_contents, patient, "ledger")

    assert [verdict for verdict, _ in told] == ["FAIL", "FAIL"]
    assert told[0][1].startswith(f"Job {job_id} is queued and has no open batch")


def test_a_thousand_contradictions_are_told_in_some_lines(database: Database, owner: str, patient: Patient) -> None:
    accept(database, owner, *[TITLE] * 40)
    with database.begin() as connection:
        connection.execute(update(Batch).values(state=BatchState.DONE))

    told = found(check_contents, patient, "ledger")

    assert len(told) == SHOWN + 1
    assert told[-1] == ("FAIL", "60 others of the kind.")


@only_on_sqlite
def test_an_index_that_lacks_a_row_is_found(database: Database, patient: Patient) -> None:
    user_id = add_owner(database, "zanzibar").encode()
    database.close()
    file = patient.settings.data_dir / "shelfwise.db"
    content = file.read_bytes()
    in_table, in_index = user_id + b"zanzibar", b"zanzibar"
    hidden = content.replace(in_table, b"*" * len(in_table)).replace(in_index, b"zanzibaz")
    file.write_bytes(hidden.replace(b"*" * len(in_table), in_table))

    ((verdict, sentence),) = found(check_contents, patient, "integrity")

    assert verdict == "FAIL"
    assert "missing from index" in sentence


@only_on_sqlite
def test_a_row_that_names_one_that_is_gone_is_found(database: Database, owner: str, patient: Patient) -> None:
    accept(database, owner, TITLE, TITLE)
    connection = sqlite_module().connect(patient.settings.data_dir / "shelfwise.db")  # which asks for no references
    connection.execute("DELETE FROM users")
    connection.commit()
    connection.close()

    told = found(check_contents, patient, "references")

    assert told == [("FAIL", "2 rows of jobs name something that is not in users: restore a backup.")]


# --- files ---------------------------------------------------------------------------------------------------------


def test_photos_and_catalogues_that_are_there_are_well(
    database: Database, store: ObjectStore, owner: str, patient: Patient
) -> None:
    keep_photo(store, PHOTO, b"photo")
    name_photo(database, owner, len(b"photo"))
    submit_file(database, store, owner, b"title\nab\n\n")

    told = {finding.subject: finding.sentence for finding in findings_of(check_files, patient)}

    assert told["photos"] == "All 1 are in the store, as large as they should be."
    assert told["catalogues"] == "All 1 are in the store, as large as they should be."


@pytest.mark.parametrize("content", [None, b"half a phot"])
def test_a_photo_that_is_missing_or_cut_is_found(
    database: Database, store: ObjectStore, owner: str, patient: Patient, content: bytes | None
) -> None:
    if content is not None:
        keep_photo(store, PHOTO, content)
    name_photo(database, owner, 1000)

    ((verdict, sentence),) = found(check_files, patient, "photos")

    assert verdict == "FAIL"
    assert sentence.startswith("1 of 1 are not in the store")
    assert PHOTO in sentence


def test_a_photo_that_no_row_names_need_not_be_there(database: Database, patient: Patient, store: ObjectStore) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=1))

    assert [verdict for verdict, _ in found(check_files, patient, "photos")] == ["ok"]


@pytest.mark.parametrize("content", [None, b"half"])
def test_a_catalogue_that_is_missing_or_cut_is_found(
    database: Database, store: ObjectStore, owner: str, patient: Patient, content: bytes | None
) -> None:
    _, key = submit_file(database, store, owner, content or b"")
    if content is None:
        store.delete([key])

    ((verdict, sentence),) = found(check_files, patient, "catalogues")

    assert verdict == "FAIL"
    assert key in sentence


@pytest.mark.parametrize("mark", ["deleted_at", "cleared_at"])
def test_a_job_that_goes_needs_no_file(
    database: Database, store: ObjectStore, owner: str, patient: Patient, mark: str
) -> None:
    _, key = submit_file(database, store, owner, b"")
    store.delete([key])
    with database.begin() as connection:
        connection.execute(update(Job).values({mark: now()}))

    assert [verdict for verdict, _ in found(check_files, patient, "catalogues")] == ["ok"]


@pytest.mark.parametrize("key", [image_key(PHOTO), source_key("one")])
def test_files_that_belong_to_no_row_are_found_once_they_are_old(
    database: Database, store: ObjectStore, patient: Patient, key: str
) -> None:
    store.put(key, b"nobody's")
    assert [verdict for verdict, _ in found(check_files, patient, "leftovers")] == ["ok"]

    grow_old(patient.settings.data_dir / "store", key)

    ((verdict, sentence),) = found(check_files, patient, "leftovers")
    assert verdict == "warn"
    assert sentence.startswith("1 files in the store belong to no row for more than 3 days")


# --- what restores leave -------------------------------------------------------------------------------------------


@pytest.fixture
def beside(tmp_path: Path) -> Patient:
    """A patient with a database in a file that nobody has made yet."""
    (tmp_path / "data").mkdir()
    return Patient(load_settings(data_dir=tmp_path / "data"), running=False, deep=False)


def test_a_restore_that_was_killed_at_its_end_is_wrong(beside: Patient) -> None:
    (beside.settings.data_dir / UNFINISHED_RESTORE).write_text("Restore it once more.\n")

    assert found(check_restores, beside, "restore") == [("FAIL", "Restore it once more.")]


@pytest.mark.parametrize("name", ["shelfwise.db.restoring", "store.restoring"])
def test_what_a_killed_restore_has_left_is_worth_a_look(beside: Patient, name: str) -> None:
    (beside.settings.data_dir / name).mkdir()
    (beside.settings.data_dir / name / "one").touch()

    ((verdict, sentence),) = found(check_restores, beside, "restore")

    assert verdict == "warn"
    assert sentence.startswith(f"{beside.settings.data_dir / name} is left of a restore")


@pytest.mark.parametrize("name", ["shelfwise.db.before-20260102T030405Z", "store.before-20260102T030405Z-2"])
def test_what_a_restore_has_moved_aside_is_worth_a_look(beside: Patient, name: str) -> None:
    (beside.settings.data_dir / name).touch()

    ((verdict, sentence),) = found(check_restores, beside, "restore")

    assert verdict == "warn"
    assert sentence.startswith(f"{beside.settings.data_dir / name} is what was there before")

import io
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from shared.catalogues.source import converted_key, source_key
from shared.database import Database
from shared.erasure import delete_account
from shared.errors import Unavailable
from shared.identifiers import now
from shared.image_collection import FOLDERS
from shared.images import image_key, keep_image, touch_image
from shared.ledger.submission import ProductInput
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Image, Job, User
from tests.conftest import add_owner
from tests.support.ledger import TITLE, accept, finish_all, take
from tests.support.waiting import wait_for
from worker.eraser import Eraser

PHOTO = b"a photo"


@pytest.fixture
def owner(database: Database) -> str:
    return add_owner(database, "owner")


@pytest.fixture
def eraser(tmp_path: Path, database: Database, store: ObjectStore) -> Eraser:
    return Eraser(load_settings(data_dir=tmp_path / "data", sweep_seconds=0.1), database, store)


def stored_photo(database: Database, store: ObjectStore, days: int = 0) -> str:
    """A photo with its row, last used so many days ago."""
    sha256, size = keep_image(store, io.BytesIO(PHOTO))
    with database.begin() as connection:
        touch_image(connection, sha256, size)
        connection.execute(update(Image).values(last_used_at=now() - timedelta(days=days)))
    return sha256


def count(database: Database, table: type[Image | Job | User]) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).select_from(table)).one()


def test_a_deleted_account_is_erased_with_its_photos_while_it_runs(
    eraser: Eraser, database: Database, store: ObjectStore, owner: str
) -> None:
    sha256 = stored_photo(database, store)
    accept(database, owner, ProductInput(image=sha256))
    with database.begin() as connection:
        delete_account(connection, owner)

    with eraser:
        wait_for(lambda: count(database, Image) == 0, 10, "an erased photo")

    assert (count(database, User), count(database, Job)) == (0, 0)
    assert store.size(image_key(sha256)) is None


def test_a_photo_that_nothing_needs_is_collected_after_a_day(
    eraser: Eraser, database: Database, store: ObjectStore
) -> None:
    sha256 = stored_photo(database, store, days=2)

    eraser.erase()

    assert count(database, Image) == 0
    assert store.size(image_key(sha256)) is None


def test_it_looks_for_such_photos_now_and_then_only(eraser: Eraser, database: Database, store: ObjectStore) -> None:
    eraser.erase()
    stored_photo(database, store, days=2)

    eraser.erase()

    assert count(database, Image) == 1


def test_a_look_that_failed_is_not_repeated_at_once(eraser: Eraser, store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "data" / "store" / "images").write_text("not a folder")
    with pytest.raises(Unavailable):
        eraser.erase()

    eraser.erase()  # has other things to do


def test_one_round_through_the_store_finds_the_photos_without_a_row(
    eraser: Eraser, database: Database, store: ObjectStore, tmp_path: Path
) -> None:
    sha256, _ = keep_image(store, io.BytesIO(PHOTO))
    long_ago = time.time() - 2 * 86_400
    os.utime(tmp_path / "data" / "store" / image_key(sha256), (long_ago, long_ago))

    for _ in range(FOLDERS):
        eraser.collect()

    assert count(database, Image) == 1


def test_old_leftovers_of_killed_puts_go(eraser: Eraser, store: ObjectStore, tmp_path: Path) -> None:
    store.put("images/ab/whole", b"x")
    leftover = tmp_path / "data" / "store" / "images" / "ab" / "killed#1"
    leftover.write_bytes(b"half")
    long_ago = time.time() - 2 * 86_400
    os.utime(leftover, (long_ago, long_ago))

    eraser.erase()

    assert not leftover.exists()


def uploaded(store: ObjectStore, tmp_path: Path, upload: str, days: float = 2) -> str:
    """A file that was uploaded so many days ago, with what it was converted into; returns its key."""
    key = source_key(upload)
    long_ago = time.time() - days * 86_400
    for each in (key, converted_key(key)):
        store.put(each, b"a file")
        os.utime(tmp_path / "data" / "store" / each, (long_ago, long_ago))
    return key


def test_a_file_that_belongs_to_no_job_goes_after_a_day(
    eraser: Eraser, database: Database, store: ObjectStore, owner: str, tmp_path: Path
) -> None:
    uploaded(store, tmp_path, "killed")
    young = uploaded(store, tmp_path, "young", days=0.9)
    named = uploaded(store, tmp_path, "named")
    with database.begin() as connection:
        connection.execute(
            insert(Job).values(owner_id=owner, kind="catalogue", deadline=now(), source_key=named, source={"size": 6})
        )

    eraser.erase()

    left = {found.key for found in store.objects("catalogues")}
    assert left == {young, converted_key(young), named, converted_key(named)}


def test_what_ended_longer_ago_than_the_setting_says_goes(
    database: Database, store: ObjectStore, owner: str, tmp_path: Path
) -> None:
    jobs = accept(database, owner, TITLE, TITLE)
    finish_all(database, take(database))
    for job_id, days in zip(jobs, (2, 4), strict=True):
        with database.begin() as connection:
            ended = now() - timedelta(days=days)
            connection.execute(update(Job).where(Job.id == job_id).values(finished_at=ended))

    Eraser(load_settings(data_dir=tmp_path / "data", retention_days=3), database, store).erase()

    with database.read() as connection:
        assert connection.scalars(select(Job.id)).all() == jobs[:1]

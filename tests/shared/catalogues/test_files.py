"""A source goes with all that was kept beside it, also where nobody came to know how it is read."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert

from shared.catalogues.files import release_files, remove_stray_files
from shared.catalogues.source import Format, Source, keys_of, source_key
from shared.database import Database
from shared.identifiers import now
from shared.store import ObjectStore
from shared.tables import Job

KEY = source_key("upload")


@pytest.fixture
def job(database: Database, store: ObjectStore, owner: str) -> str:
    """A job that failed before its layout was written down."""
    for key in keys_of(KEY):
        store.put(key, b"a file")
    source = Source(key=KEY, size=6, sha256="", format=Format.ZIP).stored()
    row = {"owner_id": owner, "kind": "catalogue", "deadline": now(), "source_key": KEY, "source": source}
    with database.begin() as connection:
        return str(connection.execute(insert(Job).values(row).returning(Job.id)).scalar_one())


def left(store: ObjectStore) -> set[str]:
    return {found.key for found in store.objects("catalogues")}


def test_all_of_it_goes_with_the_job(database: Database, store: ObjectStore, job: str) -> None:
    with database.begin() as connection:
        release_files(connection, store, [job])

    assert left(store) == set()


def test_nothing_of_it_strays(database: Database, store: ObjectStore, job: str) -> None:
    assert remove_stray_files(database, store, timedelta(0)) == 0
    assert left(store) == set(keys_of(KEY))
    with database.begin() as connection:
        connection.execute(delete(Job).where(Job.id == job))

    assert remove_stray_files(database, store, timedelta(0)) == 3
    assert left(store) == set()

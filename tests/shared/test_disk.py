import shutil
from errno import EACCES, ENOSPC
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.database import Database
from shared.disk import ASK_BYTES, DiskGuard, is_full, require_space
from shared.errors import StorageFull, Unavailable
from tests.support.small_disk import small_disk


def test_with_the_reserve_free_it_goes_on(tmp_path: Path) -> None:
    require_space(tmp_path, 0)
    require_space(tmp_path, shutil.disk_usage(tmp_path).free // 2)


def test_below_the_reserve_nothing_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        require_space(tmp_path, shutil.disk_usage(tmp_path).total + 1)


def test_whoever_writes_a_large_file_hears_of_a_full_disk_before_the_second_is_over(tmp_path: Path) -> None:
    guard = DiskGuard(tmp_path, shutil.disk_usage(tmp_path).total + 1)

    guard.book(ASK_BYTES - 1)
    for _ in range(2):  # full for everybody until there is room
        with pytest.raises(StorageFull):
            guard.book(1)


def test_a_full_disk_is_known_by_the_words_of_the_system_and_by_our_own() -> None:
    assert is_full(OSError(ENOSPC, "No space left on device"))
    assert is_full(StorageFull("full"))
    assert not is_full(OSError(EACCES, "Permission denied"))
    assert not is_full(Unavailable("away"))


def test_a_full_disk_is_known_by_the_words_of_sqlite(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        database = Database(f"sqlite:///{disk.path / 'some.db'}")
        with database.begin() as connection:
            connection.execute(text("CREATE TABLE some (content)"))
        disk.fill()

        with pytest.raises(OperationalError) as refused, database.begin() as connection:
            connection.execute(text("INSERT INTO some VALUES (zeroblob(1000000))"))
        database.close()

    assert is_full(refused.value)

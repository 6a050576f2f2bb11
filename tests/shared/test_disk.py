import shutil
from pathlib import Path

import pytest

from shared.disk import ASK_BYTES, DiskGuard, require_space
from shared.errors import StorageFull


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

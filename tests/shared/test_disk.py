import shutil
from pathlib import Path

import pytest

from shared.disk import require_space
from shared.errors import StorageFull


def test_with_the_reserve_free_it_goes_on(tmp_path: Path) -> None:
    require_space(tmp_path, 0)
    require_space(tmp_path, shutil.disk_usage(tmp_path).free // 2)


def test_below_the_reserve_nothing_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        require_space(tmp_path, shutil.disk_usage(tmp_path).total + 1)

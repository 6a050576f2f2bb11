import os
import time
from pathlib import Path

import pytest

from shared.errors import Conflict
from training.run_folder import ABANDONED_SECONDS, forget_abandoned, held
from training.whole_folder import appearing_complete, tidy_up


def run_folder(folder: Path, *, age_seconds: float) -> Path:
    for name in ("work", "bundle", "report"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text(name)
    at = time.time() - age_seconds
    os.utime(folder / "work", (at, at))
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_for_one_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path / "run"), pytest.raises(Conflict, match="Another process is training"), held(tmp_path / "run"):
        pass
    with held(tmp_path / "run"):
        pass


def test_only_the_work_that_nobody_has_gone_on_with_for_long_is_removed(tmp_path: Path) -> None:
    long_ago = ABANDONED_SECONDS + 60
    abandoned = run_folder(tmp_path / "abandoned", age_seconds=long_ago)
    recent = run_folder(tmp_path / "recent", age_seconds=ABANDONED_SECONDS - 60)
    busy = run_folder(tmp_path / "busy", age_seconds=long_ago)

    with held(busy):
        forget_abandoned(tmp_path)

    assert names(abandoned) == {"lock", "report"}
    assert names(recent) == {"work", "bundle", "report"}
    assert names(busy) == {"lock", "work", "bundle", "report"}


def test_what_a_killed_process_left_half_written_is_tidied_up(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    (tmp_path / ".report.1.part").mkdir()
    (tmp_path / ".report.1.former").mkdir()
    (tmp_path / ".report.1.former" / "page").write_text("the one before")

    tidy_up(folder)

    assert names(tmp_path) == {"report"}
    assert (folder / "page").read_text() == "the one before"


def test_a_former_folder_does_not_come_back_over_a_newer_one(tmp_path: Path) -> None:
    with appearing_complete(tmp_path / "report") as writing:
        (writing / "page").write_text("new")
    (tmp_path / ".report.1.former").mkdir()

    tidy_up(tmp_path / "report")

    assert names(tmp_path) == {"report"}
    assert (tmp_path / "report" / "page").read_text() == "new"

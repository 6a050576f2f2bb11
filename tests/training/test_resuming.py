import shutil
import signal
import subprocess
import sys
from pathlib import Path

from shared.bundle import CONTENT, Bundle
from tests.support.tiny import TinyTraining


def train_tiny(root: Path, *killed_at: str) -> int:
    command = [sys.executable, "-m", "tests.support.tiny_process", str(root), *killed_at]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode


def file_hashes(folder: Path) -> dict[str, str]:
    manifest = Bundle.open(folder).manifest  # which checks every hash
    assert set(manifest.files) == set(CONTENT)
    return manifest.files


def test_another_process_with_an_empty_cache_trains_the_same_bundle_file_by_file(
    tiny_training: TinyTraining, tmp_path: Path
) -> None:
    assert train_tiny(tmp_path) == 0
    assert file_hashes(tmp_path / "bundle") == tiny_training.manifest.files


def test_a_run_killed_twice_goes_on_and_makes_the_same_bundle(tiny_training: TinyTraining, tmp_path: Path) -> None:
    assert train_tiny(tmp_path, "text", "3") == -signal.SIGKILL
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"words.npz", "text.npz"}
    assert train_tiny(tmp_path, "head", "4") == -signal.SIGKILL
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"words.npz", "text.npz", "head.npz"}
    assert not (tmp_path / "bundle").exists()

    assert train_tiny(tmp_path) == 0

    assert file_hashes(tmp_path / "bundle") == tiny_training.manifest.files


def test_a_run_whose_bundle_was_lost_before_it_was_published_repeats_no_epoch(
    tiny_training: TinyTraining, tmp_path: Path
) -> None:
    assert train_tiny(tmp_path) == 0
    shutil.rmtree(tmp_path / "bundle")
    assert train_tiny(tmp_path, "words", "1") == 0  # it would be killed at its first epoch, if there was one
    assert file_hashes(tmp_path / "bundle") == tiny_training.manifest.files


def test_a_resumed_run_does_not_repeat_finished_epochs(tmp_path: Path) -> None:
    assert train_tiny(tmp_path, "words", "3") == -signal.SIGKILL
    # Its third epoch is not reached again, and so nobody is killed.
    assert train_tiny(tmp_path, "words", "3") == 0

from pathlib import Path

import numpy as np
import pytest

from training.checkpoints import Checkpoint

ARRAYS = {"model": [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7, dtype=np.uint32)], "best": [np.ones(2)]}


def test_facts_and_arrays_come_back(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "work" / "text.npz", "these data")
    checkpoint.save({"epoch": 3, "loss": 0.1}, ARRAYS)
    stored = checkpoint.load()
    assert stored is not None
    facts, arrays = stored
    assert facts == {"epoch": 3, "loss": 0.1}
    assert list(arrays) == ["model", "best"]
    for name, group in ARRAYS.items():
        for found, expected in zip(arrays[name], group, strict=True):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["text.npz"]


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 half an archive"], ids=["missing", "empty", "torn"])
def test_what_cannot_be_read_is_no_checkpoint(tmp_path: Path, content: bytes | None) -> None:
    checkpoint = Checkpoint(tmp_path / "text.npz", "x")
    if content is not None:
        checkpoint.path.write_bytes(content)
    assert checkpoint.load() is None


def test_the_state_of_other_data_is_not_taken_up(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "text.npz", "run")
    checkpoint.bound_to(b"rows", b"weights").save({"epoch": 3}, ARRAYS)
    assert checkpoint.bound_to(b"rows", b"weights").load() is not None
    assert checkpoint.bound_to(b"other rows", b"weights").load() is None
    assert checkpoint.bound_to(b"rowsw", b"eights").load() is None
    assert checkpoint.load() is None

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.batches import Batches, InMemory, LabelledRows, MappedRows, PhotoPixels
from training.demo.catalogue import demo_catalogue
from training.photos import PhotoBytes, PhotoFile

VALUES = np.arange(20, dtype=np.float32).reshape(10, 2)
TRUTH = np.arange(10, dtype=np.int32)
WEIGHTS = np.linspace(0.5, 1.5, 10, dtype=np.float32)


def passed(batches: Batches, order: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return list(batches.in_order(order))


def test_every_row_comes_once_in_the_order_asked_for() -> None:
    batches = Batches(LabelledRows(InMemory(VALUES), TRUTH), WEIGHTS, 4)
    for seed in (1, 2):
        order = np.random.default_rng(seed).permutation(10)
        seen = passed(batches, order)
        assert [len(truth) for _, truth, _ in seen] == [4, 4, 4]
        there = np.concatenate([weights for _, _, weights in seen]) > 0
        assert np.concatenate([truth for _, truth, _ in seen])[there].tolist() == order.tolist()
        np.testing.assert_array_equal(np.concatenate([inputs for inputs, _, _ in seen])[there], VALUES[order])
        np.testing.assert_array_equal(np.concatenate([weights for *_, weights in seen])[there], WEIGHTS[order])


def test_the_last_batch_is_filled_up_with_rows_that_weigh_nothing() -> None:
    last = passed(Batches(LabelledRows(InMemory(VALUES), TRUTH), WEIGHTS, 4), np.arange(10))[-1]
    assert (last[2] > 0).tolist() == [True, True, False, False]


def test_mapped_rows_are_picked_by_their_positions(tmp_path: Path) -> None:
    VALUES.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.float32, mode="r", shape=VALUES.shape)
    rows = MappedRows(mapped, np.array([7, 7, 0]), "base", ["a", "a", "b"])
    np.testing.assert_array_equal(rows.read(np.array([2, 0])), VALUES[[0, 7]])
    assert rows.identity() != MappedRows(mapped, rows.positions, "other base", rows.names).identity()
    assert rows.identity() != MappedRows(mapped, rows.positions, "base", ["a", "b", "b"]).identity()


def test_photos_are_decoded_when_they_are_read() -> None:
    photos = [product.photo for product in demo_catalogue(3, 1)[:5] if product.photo]
    pixels = PhotoPixels(photos, 32)
    read = pixels.read(np.array([4, 0, 4]))
    assert (read.dtype, read.shape) == (np.uint8, (3, 32, 32, 3))
    np.testing.assert_array_equal(read[0], read[2])
    assert not np.array_equal(read[0], read[1])


def test_a_photo_that_has_gone_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PhotoPixels([PhotoFile(tmp_path / "gone.jpg")], 32).read(np.array([0]))
    with pytest.raises(ValueError, match="can't be any more"):
        PhotoPixels([PhotoBytes(b"no photo")], 32).read(np.array([0]))


LEFT_HALF_WAY = """
import numpy as np
from training.batches import Batches, InMemory, LabelledRows

rows = LabelledRows(InMemory(np.zeros((400, 2), np.float32)), np.zeros(400, np.int32))
batches = Batches(rows, np.ones(400, np.float32), 4).in_order(np.arange(400))
print(next(batches)[0].shape)
"""


def test_a_pass_that_is_left_half_way_does_not_hold_up_the_end_of_the_process() -> None:
    command = [sys.executable, "-c", LEFT_HALF_WAY]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (0, "(4, 2)\n")

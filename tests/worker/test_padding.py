import numpy as np
import pytest
from numpy.typing import NDArray

from worker.padding import PHOTO_SIZES, TEXT_SIZES, call_padded, padded_size

SIZES = (1, 2, 4, 8, 16)


class Doubling:
    """Doubles each row, and keeps the shapes that it was called with."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        self.shapes.append(rows.shape)
        return 2 * rows


@pytest.mark.parametrize(("rows", "size"), [(0, 1), (1, 1), (3, 4), (4, 4), (5, 8), (9, 16), (16, 16), (40, 16)])
def test_the_smallest_size_that_holds_the_rows_is_taken(rows: int, size: int) -> None:
    assert padded_size(rows, SIZES) == size


@pytest.mark.parametrize("count", range(1, 41))
def test_every_row_comes_back_in_its_place_whatever_their_number(count: int) -> None:
    model = Doubling()
    rows = np.arange(1, 3 * count + 1, dtype=np.int32).reshape(count, 3)

    logits = call_padded(model, rows, SIZES)

    np.testing.assert_array_equal(logits, 2 * rows)
    assert logits.dtype == np.float32
    assert {shape[0] for shape in model.shapes} <= set(SIZES)
    assert {shape[1:] for shape in model.shapes} == {(3,)}


@pytest.mark.parametrize(
    ("count", "calls"),
    [(1, [1]), (3, [4]), (16, [16]), (17, [16, 1]), (40, [16, 16, 8]), (35, [16, 16, 4])],
)
def test_the_model_is_called_as_seldom_as_its_largest_size_allows(count: int, calls: list[int]) -> None:
    model = Doubling()

    call_padded(model, np.ones((count, 2), np.int32), SIZES)

    assert [shape[0] for shape in model.shapes] == calls


def test_rows_of_pixels_keep_their_type_and_are_filled_up_with_zeros() -> None:
    seen: list[NDArray[np.uint8]] = []

    def model(rows: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen.append(rows)
        return rows.reshape(len(rows), -1).astype(np.float32)

    call_padded(model, np.full((3, 2, 2, 3), 200, np.uint8), SIZES)

    (rows,) = seen
    assert (rows.shape, rows.dtype) == ((4, 2, 2, 3), np.uint8)
    assert (rows[:3] == 200).all()
    assert (rows[3] == 0).all()


@pytest.mark.parametrize("sizes", [TEXT_SIZES, PHOTO_SIZES])
def test_the_sizes_ascend_and_a_single_row_is_never_padded(sizes: tuple[int, ...]) -> None:
    assert list(sizes) == sorted(set(sizes))
    assert sizes[0] == 1

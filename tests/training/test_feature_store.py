from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from training.feature_store import INDEX, ROWS, FeatureStore

WIDTH = 3


def key(number: int) -> str:
    return f"{number:064x}"


def row(number: int) -> np.ndarray:
    return np.full(WIDTH, number, dtype=np.float32)


def add_rows(folder: Path, numbers: range) -> None:
    store = FeatureStore(folder, WIDTH)
    for number in numbers:
        store.append({key(number): row(number)})


def assert_holds(store: FeatureStore, numbers: range) -> None:
    assert set(store.row_of) == {key(number) for number in numbers}
    rows = store.rows()
    for number in numbers:
        np.testing.assert_array_equal(rows[store.row_of[key(number)]], row(number))


def test_what_was_appended_is_read_back_from_a_mapped_file(tmp_path: Path) -> None:
    add_rows(tmp_path, range(5))
    store = FeatureStore(tmp_path, WIDTH)
    assert_holds(store, range(5))
    assert isinstance(store.rows(), np.memmap)
    assert not store.rows().flags.writeable


def test_an_empty_store_has_no_rows(tmp_path: Path) -> None:
    assert FeatureStore(tmp_path, WIDTH).rows().shape == (0, WIDTH)


def test_a_broken_photo_is_remembered_as_such(tmp_path: Path) -> None:
    FeatureStore(tmp_path, WIDTH).append({key(1): None, key(2): row(2)})
    store = FeatureStore(tmp_path, WIDTH)
    assert store.broken == {key(1)}
    np.testing.assert_array_equal(store.rows()[store.row_of[key(2)]], row(2))


def test_what_is_known_is_not_appended_again(tmp_path: Path) -> None:
    add_rows(tmp_path, range(2))
    FeatureStore(tmp_path, WIDTH).append({key(1): row(9), key(2): row(2)})
    assert_holds(FeatureStore(tmp_path, WIDTH), range(3))


def test_half_a_row_and_half_an_entry_of_a_killed_process_are_overwritten(tmp_path: Path) -> None:
    add_rows(tmp_path, range(3))
    with (tmp_path / ROWS).open("ab") as file:
        file.write(b"1234567")
    with (tmp_path / INDEX).open("ab") as file:
        file.write(key(77).encode()[:40])
    assert_holds(FeatureStore(tmp_path, WIDTH), range(3))
    add_rows(tmp_path, range(3, 5))
    assert_holds(FeatureStore(tmp_path, WIDTH), range(5))


def test_rows_that_no_entry_names_are_overwritten(tmp_path: Path) -> None:
    add_rows(tmp_path, range(3))
    with (tmp_path / ROWS).open("ab") as file:
        file.write(row(99).tobytes())
    add_rows(tmp_path, range(3, 5))
    assert_holds(FeatureStore(tmp_path, WIDTH), range(5))


def test_an_index_that_a_power_cut_left_full_of_zeros_ends_before_them(tmp_path: Path) -> None:
    add_rows(tmp_path, range(3))
    with (tmp_path / INDEX).open("ab") as file:
        file.write(bytes(200))
    add_rows(tmp_path, range(3, 5))
    assert_holds(FeatureStore(tmp_path, WIDTH), range(5))


def test_two_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for running in [processes.submit(add_rows, tmp_path, numbers) for numbers in (range(60), range(40, 100))]:
            running.result()
    assert_holds(FeatureStore(tmp_path, WIDTH), range(100))

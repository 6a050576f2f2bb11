import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.bundle import CONTENT, MANIFEST, Bundle, GoldenRows
from shared.errors import BundleRefused
from tests.support.bundles import fake_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fake_bundle(tmp_path / "bundle").folder


def change_manifest(folder: Path, **changed: Any) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changed))


def test_a_bundle_that_is_whole_opens(folder: Path) -> None:
    assert Bundle.open(folder).manifest.version == "fake-1"


@pytest.mark.parametrize("name", [*CONTENT, MANIFEST])
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(BundleRefused, match=f"{name} is missing"):
        Bundle.open(folder)


@pytest.mark.parametrize("name", CONTENT)
def test_one_flipped_bit_is_refused_by_the_files_name(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[3] ^= 1
    (folder / name).write_bytes(content)

    with pytest.raises(BundleRefused, match=f"{name} differs from the hash"):
        Bundle.open(folder)


@pytest.mark.parametrize("name", CONTENT)
def test_a_file_without_a_hash_is_refused(folder: Path, name: str) -> None:
    files = json.loads((folder / MANIFEST).read_text())["files"]
    del files[name]
    change_manifest(folder, files=files)

    with pytest.raises(BundleRefused, match=f"{name} differs"):
        Bundle.open(folder)


def test_another_format_version_is_refused(folder: Path) -> None:
    change_manifest(folder, format_version=1)

    with pytest.raises(BundleRefused, match="format 1 is not 2"):
        Bundle.open(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"surprise": 1},
        {"version": "../../etc"},
        {"classes": []},
        {"golden_tolerance": 0},
        {"golden_tolerance": 1},
        {"fusion": {"text_temperature": 0, "image_temperature": 1, "text_weight": 0.5}},
        {"fusion": {"text_temperature": 1, "image_temperature": 1, "text_weight": 1.5}},
        {"image": {"size": 100_000}},
        {"text": {"max_tokens": 8, "vocabulary": 100, "surprise": 1}},
        {"metrics": None},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_a_manifest_that_says_something_else_is_refused(folder: Path, changed: dict[str, Any]) -> None:
    change_manifest(folder, **changed)

    with pytest.raises(BundleRefused, match="not readable"):
        Bundle.open(folder)


@pytest.mark.parametrize(
    "confusion",
    [
        *([[1]], [[0] * 27] * 26, [[0] * 26] * 27, [*[[0] * 27] * 26, [0] * 26]),
        *([], [[-1] * 27] * 27, [[0.5] * 27] * 27),
    ],
    ids=lambda confusion: str(confusion)[:20],
)
def test_a_confusion_that_is_not_of_the_classes_is_refused(folder: Path, confusion: list[list[float]]) -> None:
    metrics = json.loads((folder / MANIFEST).read_text())["metrics"]
    change_manifest(folder, metrics=metrics | {"confusion": confusion})

    with pytest.raises(BundleRefused, match="not readable"):
        Bundle.open(folder)


def test_a_confusion_of_the_classes_is_kept(folder: Path) -> None:
    counts = [[row * 27 + column for column in range(27)] for row in range(27)]
    metrics = json.loads((folder / MANIFEST).read_text())["metrics"]
    change_manifest(folder, metrics=metrics | {"confusion": counts})

    confusion = Bundle.open(folder).manifest.metrics.confusion

    assert confusion is not None
    assert [list(row) for row in confusion] == counts


def test_a_bundle_from_before_the_confusion_was_kept_opens(folder: Path) -> None:
    metrics = json.loads((folder / MANIFEST).read_text())["metrics"]
    del metrics["confusion"]
    change_manifest(folder, metrics=metrics)

    assert Bundle.open(folder).manifest.metrics.confusion is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)

    with pytest.raises(BundleRefused, match=f"{MANIFEST} is missing or not readable"):
        Bundle.open(folder)


def test_golden_rows_come_back_as_they_were_saved(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    scores = {name: generator.random((2, 3), dtype=np.float32) for name in ("text", "image", "fused")}
    pixels = generator.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    golden = GoldenRows(texts=np.array(["été", ""]), pixels=pixels, **scores)

    golden.save(tmp_path / "golden.npz")
    loaded = GoldenRows.load(tmp_path / "golden.npz")

    for name in ("texts", "pixels", "text", "image", "fused"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(golden, name))


def test_golden_rows_that_hide_a_pickle_are_not_unpacked(tmp_path: Path) -> None:
    np.savez(tmp_path / "golden.npz", texts=np.array([object()]))

    with pytest.raises(ValueError, match="allow_pickle"):
        GoldenRows.load(tmp_path / "golden.npz")

"""Bundles for tests: one without models, for a fake predictor to answer with, and changed copies of real ones."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from shared.bundle import (
    CONTENT,
    MANIFEST,
    Bundle,
    FusionSettings,
    ImageSettings,
    Manifest,
    SplitMetrics,
    TestMetrics,
    TextSettings,
    TrainingData,
    TrainingProfile,
    file_hash,
)
from shared.taxonomy import RAKUTEN


def fake_bundle(folder: Path, version: str = "fake-1", confusion: tuple[tuple[int, ...], ...] | None = None) -> Bundle:
    """Write a bundle whose manifest and hashes are right and whose model files hold nothing."""
    folder.mkdir(parents=True)
    for name in CONTENT:
        (folder / name).write_bytes(f"{version} {name}".encode())
    metrics = SplitMetrics(accuracy=0.5, macro_f1=0.5, weighted_f1=0.5, calibration_error=0.1)
    manifest = Manifest(
        version=version,
        created_at=datetime.now(UTC),
        demo=True,
        classes=RAKUTEN,
        text=TextSettings(max_tokens=8, vocabulary=100),
        image=ImageSettings(size=32),
        fusion=FusionSettings(text_temperature=1, image_temperature=1, text_weight=0.5),
        review_thresholds={
            "text+image": {category.code: 0.5 for category in RAKUTEN},
            "text": {category.code: 0.5 for category in RAKUTEN},
            "image": {category.code: 0.5 for category in RAKUTEN},
        },
        metrics=TestMetrics(rows=1, text=metrics, image=metrics, fused=metrics, baseline=metrics, confusion=confusion),
        data=TrainingData(name="fake", train_rows=1, validation_rows=1, test_rows=1, fingerprint="0" * 64),
        profile=TrainingProfile(
            class_mix={}, mean_tokens=1, unknown_token_rate=0, missing_image_rate=0, mean_confidence=0.5
        ),
        golden_tolerance=0.05,
        libraries={},
        files={name: file_hash(folder / name) for name in CONTENT},
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json())
    return Bundle.open(folder)


def changed_bundle(bundle: Bundle, folder: Path, name: str, alter: Callable[[Path], object]) -> Bundle:
    """Make a copy of a bundle in `folder` with one file changed by `alter`, and the manifest's hashes true to it."""
    shutil.copytree(bundle.folder, folder, copy_function=os.link)
    (folder / name).unlink()
    shutil.copy(bundle.folder / name, folder / name)
    alter(folder / name)
    files = {each: file_hash(folder / each) for each in CONTENT}
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(bundle.manifest.model_copy(update={"files": files}).model_dump_json())
    return Bundle.open(folder)


def otherwise_fused(bundle: Bundle, folder: Path, version: str, text_weight: float) -> Bundle:
    """Make a copy of a bundle in `folder`, under another version, that trusts the text more or less.

    Its golden rows are those of the original, and are met by any answer.
    """
    shutil.copytree(bundle.folder, folder, copy_function=os.link)
    (folder / MANIFEST).unlink()
    manifest = bundle.manifest
    fusion = manifest.fusion.model_copy(update={"text_weight": text_weight})
    changes = {"version": version, "fusion": fusion, "golden_tolerance": 0.999}
    (folder / MANIFEST).write_text(manifest.model_copy(update=changes).model_dump_json())
    return Bundle.open(folder)

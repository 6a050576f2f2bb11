"""Trains the demo bundle: the ordinary training run on the demo catalogue.

python -m training.demo.bundle --out FOLDER --cache FOLDER
"""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shared.bundle import Manifest
from training.demo.catalogue import demo_catalogue
from training.progress import Progress, console_progress
from training.quiet_tensorflow import import_tensorflow

if TYPE_CHECKING:
    from training.config import TrainingConfig

DEMO_NAME = "demo catalogue (invented products)"
DEMO_SEED = 2026
# Rows per category. Those with text and photo are few, because photos are what costs time; the others are for
# the text model alone and cost nearly nothing.
DEMO_TRAIN_ROWS, DEMO_VALIDATION_ROWS, DEMO_TEST_ROWS = 12, 5, 20
DEMO_ROWS = DEMO_TRAIN_ROWS + DEMO_VALIDATION_ROWS + DEMO_TEST_ROWS
DEMO_TEXT_ONLY_ROWS = 60


def demo_config() -> "TrainingConfig":
    """The demo bundle's training run: VGG16 at 224x224 from a random start, so that nothing is downloaded."""
    from training.config import RANDOM_START_FIT, RANDOM_START_HEAD, TrainingConfig  # loads TensorFlow: seconds
    from training.fitting import FitConfig
    from training.models import TextModelConfig

    return TrainingConfig(
        split="random",  # no two products are alike; only the stock sentences of their descriptions are the same
        weights=None,
        validation_share=DEMO_VALIDATION_ROWS / DEMO_ROWS,
        test_share=DEMO_TEST_ROWS / DEMO_ROWS,
        most_tokens=1_200,
        head=replace(RANDOM_START_HEAD, mirrored_below=0),  # mirror images would double what takes the time
        head_fit=RANDOM_START_FIT,
        text=TextModelConfig(max_tokens=16, embedding=64, units=64, pooled_tokens=1, dropout=0.5),
        text_fit=FitConfig(learning_rate=7e-3, epochs=30, patience=5, batch=64),
    )


def train_demo_bundle(folder: Path, cache: Path, progress: Progress | None = None) -> Manifest:
    """Train on the demo catalogue and write the bundle to `folder`, which must not exist yet.

    Needs no download. `cache` is a folder for photo features; with it filled, a second run takes seconds.
    """
    from training.train import train_bundle

    products = demo_catalogue(DEMO_SEED, DEMO_ROWS, text_only_per_category=DEMO_TEXT_ONLY_ROWS)
    run = train_bundle(products, demo_config(), folder, name=DEMO_NAME, demo=True, cache=cache, progress=progress)
    return run.manifest


def main() -> None:
    """Train the demo bundle from the command line and print its figures."""
    parser = argparse.ArgumentParser(description="Train the demo bundle.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle; must not exist")
    parser.add_argument("--cache", type=Path, required=True, help="folder for photo features")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the terminal is left in order
    import_tensorflow()
    progress = console_progress()
    try:
        manifest = train_demo_bundle(arguments.out, arguments.cache, progress)
    finally:
        progress.close()
    print(f"{manifest.version}: {manifest.metrics.rows} test rows")
    for answer in ("text", "image", "fused"):
        figures = getattr(manifest.metrics, answer)
        print(f"  {answer:<6} accuracy {figures.accuracy:.3f}  macro-F1 {figures.macro_f1:.3f}")


if __name__ == "__main__":
    main()

"""The bundle that answers in benchmarks: the demo bundle, trained at the first run and kept in `.cache`."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from shared.bundle import Bundle
from training.demo.catalogue import demo_catalogue

CACHE = Path(__file__).parent / ".cache"
TINY_SEED, TINY_ROWS = 1, 6


def demo_bundle() -> Bundle:
    """The bundle that `shelfwise up` trains: VGG16 at 224x224, LSTM of 16 tokens."""
    folder = CACHE / "demo"
    if not folder.exists():
        print("training the demo bundle (once; two or three minutes on two cores)", flush=True)
        options = ["--out", str(folder), "--cache", str(CACHE / "features")]
        subprocess.run([sys.executable, "-m", "training.demo.bundle", *options], check=True)
    return Bundle.open(folder)


def tiny_bundle() -> Bundle:
    """A small one, to see quickly whether a benchmark runs; its figures mean nothing."""
    folder = CACHE / "tiny"
    if not folder.exists():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:  # which TensorFlow does not outlive
            process.submit(_train_tiny_bundle, folder).result()
    return Bundle.open(folder)


def _train_tiny_bundle(folder: Path) -> None:
    from training.config import TrainingConfig
    from training.train import train_bundle

    config, products = TrainingConfig.tiny(), demo_catalogue(TINY_SEED, TINY_ROWS)
    train_bundle(products, config, folder, name="demo catalogue", demo=True, cache=CACHE / "features")

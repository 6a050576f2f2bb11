"""What the tests' one training run was made of, and what it made."""

from dataclasses import dataclass
from pathlib import Path

from shared.bundle import Manifest
from training.products import Product


@dataclass(frozen=True)
class TinyTraining:
    """A bundle's folder and manifest, and what it was trained on."""

    folder: Path
    manifest: Manifest
    products: list[Product]
    cache: Path

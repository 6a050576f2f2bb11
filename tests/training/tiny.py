"""What the shared tiny bundle is made of."""

from dataclasses import dataclass
from pathlib import Path

from shared.bundle import Manifest
from training.products import Product


@dataclass(frozen=True)
class TinyBundle:
    """A bundle's folder and manifest, and what it was trained on."""

    folder: Path
    manifest: Manifest
    products: list[Product]
    cache: Path

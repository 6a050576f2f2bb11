"""The bundle: one trained, versioned, self-describing set of models in a folder.

    manifest.json     what this file describes
    tokenizer.json    Hugging Face tokeniser
    text.keras        token ids (n, max_tokens) int32 -> logits (n, classes)
    image.keras       pixels (n, size, size, 3) uint8 -> logits (n, classes)
    golden.npz        a few inputs and the probabilities that training got for them

The manifest names the SHA-256 of every other file; a bundle whose files differ is refused.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.errors import BundleRefused
from shared.taxonomy import Category

FORMAT_VERSION = 2  # 2: fused answers are products of probabilities; in format 1 they were weighted means
VERSION_PATTERN = r"^[a-z0-9][a-z0-9.-]{0,99}$"
Modality = Literal["text+image", "text", "image"]  # what of a product was there to answer from
MANIFEST = "manifest.json"
TOKENIZER = "tokenizer.json"
TEXT_MODEL = "text.keras"
IMAGE_MODEL = "image.keras"
GOLDEN = "golden.npz"
CONTENT = (TOKENIZER, TEXT_MODEL, IMAGE_MODEL, GOLDEN)
ALWAYS_REVIEW = 1.0  # a threshold that no confidence reached; a saturated softmax would round up to it


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextSettings(_Part):
    """How this bundle's text model reads: the length of a row of token ids, and the vocabulary's size."""

    max_tokens: int = Field(ge=1, le=1024)
    vocabulary: int = Field(ge=2)


class ImageSettings(_Part):
    """How this bundle's image model sees: the side of the square, in pixels."""

    size: int = Field(ge=32, le=1024)


class FusionSettings(_Part):
    """Calibration temperatures of both models, and the weight of the text in fused answers; at 1/2 both count fully."""

    text_temperature: float = Field(gt=0)
    image_temperature: float = Field(gt=0)
    text_weight: float = Field(ge=0, le=1)


class SplitMetrics(_Part):
    """One model's figures on rows it has never seen; `calibration_error` is the expected one of Guo et al., 2017.

    Bundles made before the last two were measured lack them.
    """

    accuracy: float
    macro_f1: float
    weighted_f1: float | None = None
    calibration_error: float | None = None


class TestMetrics(_Part):
    """Figures on the test split; `rows` products, the same for all. `baseline` is what a simple text model reaches.

    A bundle that was trained where scikit-learn is not installed has no baseline. `confusion` counts the fused answers:
    a row for each true category and a column for each answered one, in the order of the classes. Bundles made before
    that was kept lack it, and so do those of very many categories.
    """

    rows: int
    text: SplitMetrics
    image: SplitMetrics
    fused: SplitMetrics
    baseline: SplitMetrics | None = None
    confusion: tuple[tuple[Annotated[int, Field(ge=0)], ...], ...] | None = None


class TrainingData(_Part):
    """What the bundle was trained on: row counts and a SHA-256 over all rows and photos."""

    name: str
    train_rows: int
    validation_rows: int
    test_rows: int
    fingerprint: str


class TrainingProfile(_Part):
    """What the training rows looked like, for telling later whether products have drifted away from them.

    The last two are of rows held out of training, whose texts the tokeniser has not learnt from either: how many there
    are in each bin (`shared/statistics/bins.py`) of the confidence, by each model alone and fused, and of the share of
    unknown tokens. Bundles made before they were counted lack them.
    """

    class_mix: dict[int, float]
    mean_tokens: float
    unknown_token_rate: float
    missing_image_rate: float
    mean_confidence: float
    confidence: dict[Modality, tuple[int, ...]] = Field(default_factory=dict)
    unknown_tokens: tuple[int, ...] = ()


class Manifest(_Part):
    """`manifest.json`: all that serving must know of a bundle without opening its models."""

    format_version: int = FORMAT_VERSION
    version: str = Field(pattern=VERSION_PATTERN)
    created_at: datetime
    demo: bool
    classes: tuple[Category, ...] = Field(min_length=2)
    text: TextSettings
    image: ImageSettings
    fusion: FusionSettings
    review_thresholds: dict[Modality, dict[int, float]]
    metrics: TestMetrics
    data: TrainingData
    profile: TrainingProfile
    golden_tolerance: float = Field(gt=0, lt=1)
    libraries: dict[str, str]
    files: dict[str, str]

    @model_validator(mode="after")
    def _has_a_confusion_of_its_classes(self) -> Self:
        confusion, classes = self.metrics.confusion, len(self.classes)
        if confusion is not None and {len(confusion), *map(len, confusion)} != {classes}:
            raise ValueError(f"The confusion has not {classes} rows and columns, as many as there are classes.")
        return self

    def needs_review(self, modality: Modality, code: int, confidence: float) -> bool:
        """Whether a person should look at an answer that was given with this confidence."""
        threshold = self.review_thresholds[modality].get(code, 0.0)
        return confidence < threshold or threshold >= ALWAYS_REVIEW


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """Inputs with the trainer's float32 answers.

    `texts` (n,), `pixels` (n, size, size, 3) uint8; probabilities `text`, `image`, `fused` (n, classes) float32.
    """

    texts: NDArray[np.str_]
    pixels: NDArray[np.uint8]
    text: NDArray[np.float32]
    image: NDArray[np.float32]
    fused: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write as a compressed archive without pickles."""
        np.savez_compressed(
            path, texts=self.texts, pixels=self.pixels, text=self.text, image=self.image, fused=self.fused
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**{name: stored[name] for name in ("texts", "pixels", "text", "image", "fused")})


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that lies complete in a local folder."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the manifest and check every file against its hash.

        Raises BundleRefused when the manifest cannot be read, or a file is missing or differs.
        """
        try:
            manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        except (OSError, ValueError) as error:
            raise BundleRefused(f"{folder.name}: {MANIFEST} is missing or not readable.") from error
        if manifest.format_version != FORMAT_VERSION:
            raise BundleRefused(f"{folder.name}: format {manifest.format_version} is not {FORMAT_VERSION}.")
        for name in CONTENT:
            if not (folder / name).is_file():
                raise BundleRefused(f"{manifest.version}: {name} is missing.")
            if file_hash(folder / name) != manifest.files.get(name):
                raise BundleRefused(f"{manifest.version}: {name} differs from the hash in the manifest.")
        return cls(folder, manifest)

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """The path of a file. Raises BundleRefused when what reads it in the block fails."""
        try:
            yield self.folder / name
        except MemoryError:
            raise
        except Exception as error:  # each library raises what it likes on a file that is not its own
            raise BundleRefused(f"{self.manifest.version}: {name} cannot be loaded.") from error

    def difference(self, golden: GoldenRows, *ours: NDArray[np.float32]) -> float:
        """The largest absolute difference of any probability from the golden rows'; `ours` are text, image, fused.

        Raises BundleRefused when they are not of as many classes.
        """
        pairs = list(zip(ours, (golden.text, golden.image, golden.fused), strict=True))
        if any(our.shape != theirs.shape for our, theirs in pairs):
            raise BundleRefused(f"{self.manifest.version}: the models' classes are not those of the manifest.")
        return float(np.max([np.abs(our - theirs).max() for our, theirs in pairs]))  # unlike max(), keeps a NaN


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

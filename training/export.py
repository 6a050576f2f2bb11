"""Writes the bundle: everything into a folder under another name, which gets its own name last.

Reads both models back from their files before it writes down what they answer, so the golden rows prove
the files and not the models in memory.
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import keras
import numpy
import numpy as np
import PIL
import tensorflow
import tokenizers
from tokenizers import Tokenizer

from shared.bundle import (
    CONTENT,
    GOLDEN,
    IMAGE_MODEL,
    MANIFEST,
    TEXT_MODEL,
    TOKENIZER,
    FusionSettings,
    GoldenRows,
    ImageSettings,
    Manifest,
    Modality,
    TestMetrics,
    TextSettings,
    TrainingData,
    TrainingProfile,
    file_hash,
)
from shared.fusion import calibrated, fused
from shared.preparation import photo_pixels
from shared.taxonomy import Category
from shared.tokenizer import TextEncoder
from training.whole_folder import appearing_complete

# Convolutions in bfloat16 moved the demo bundle's probabilities by 0.009 at most on its golden rows and by 0.024
# on 45 other products. Twice that is still far below
# what a wrong file, a wrong preparation or a wrong class order does.
GOLDEN_TOLERANCE = 0.05
_ARCHIVE_DATE = (1980, 1, 1, 0, 0, 0)  # the oldest a zip archive can name


@dataclass(frozen=True, slots=True)
class Description:
    """What the manifest says beyond what the files themselves show."""

    demo: bool
    classes: tuple[Category, ...]
    text: TextSettings
    image: ImageSettings
    fusion: FusionSettings
    review_thresholds: dict[Modality, dict[int, float]]
    metrics: TestMetrics
    data: TrainingData
    profile: TrainingProfile


@dataclass(frozen=True, slots=True)
class GoldenInputs:
    """Prepared texts and encoded photos of the products whose answers go along with the bundle."""

    texts: Sequence[str]
    photos: Sequence[bytes]


def write_bundle(
    folder: Path,
    tokenizer: Tokenizer,
    text_model: keras.Model,
    image_model: keras.Model,
    golden: GoldenInputs,
    description: Description,
) -> Manifest:
    """Write a complete bundle to `folder` and return its manifest; on any failure nothing is at that name.

    Raises OSError when the folder exists already or cannot be written.
    """
    with appearing_complete(folder) as unfinished:
        tokenizer.save(str(unfinished / TOKENIZER))
        for model, name in ((text_model, TEXT_MODEL), (image_model, IMAGE_MODEL)):
            # A model made of the same layers has no optimiser; its state would be two thirds of the file.
            keras.Model(model.input, model.output, name=model.name).save(unfinished / name)
            make_reproducible(unfinished / name)
        golden_rows(unfinished, golden, description).save(unfinished / GOLDEN)
        manifest = _manifest(unfinished, description)
        (unfinished / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def golden_rows(folder: Path, inputs: GoldenInputs, description: Description) -> GoldenRows:
    """The probabilities (n, classes) that the models saved in `folder` give for `inputs`, in float32."""
    text_model = keras.saving.load_model(folder / TEXT_MODEL, compile=False, safe_mode=True)
    image_model = keras.saving.load_model(folder / IMAGE_MODEL, compile=False, safe_mode=True)
    encoder = TextEncoder.load(folder / TOKENIZER, description.text.max_tokens)
    pixels = np.stack([photo_pixels(io.BytesIO(photo), description.image.size) for photo in inputs.photos])
    fusion = description.fusion
    text = calibrated(np.asarray(text_model(encoder.encode(inputs.texts))), fusion.text_temperature)
    image = calibrated(np.asarray(image_model(pixels)), fusion.image_temperature)
    return GoldenRows(
        texts=np.array(inputs.texts, dtype=np.str_),
        pixels=pixels,
        text=text,
        image=image,
        fused=fused(text, image, fusion.text_weight),
    )


def make_reproducible(archive: Path) -> None:
    """Take out of a `.keras` archive what differs from save to save: dates, and memory addresses as object ids."""
    unfinished = archive.with_suffix(".part")
    with zipfile.ZipFile(archive) as dated, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as plain:
        for entry in sorted(dated.namelist()):
            content = dated.read(entry)
            if entry == "metadata.json":
                metadata = json.loads(content)
                metadata.pop("date_saved", None)
                content = json.dumps(metadata, sort_keys=True).encode()
            elif entry == "config.json":
                content = _renumbered(content)
            plain.writestr(zipfile.ZipInfo(entry, _ARCHIVE_DATE), content)
    unfinished.replace(archive)


def _renumbered(config: bytes) -> bytes:
    """Object ids as 1, 2, 3, ... in the order in which they first occur; which objects are shared stays the same."""
    numbers: dict[bytes, int] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return b"%s%d" % (found[1], numbers.setdefault(found[2], len(numbers) + 1))

    return re.sub(rb'("shared_object_id": )(\d+)', number, config)


def _manifest(folder: Path, description: Description) -> Manifest:
    """The manifest of the files in `folder`.

    The version is named after their content and all that the manifest says, except when it was made and how good it is.
    """
    prefix = "demo" if description.demo else slug(description.data.name)
    parts = {name: getattr(description, name) for name in Description.__slots__}
    manifest = Manifest(
        version=prefix,
        created_at=datetime.now(UTC),
        golden_tolerance=GOLDEN_TOLERANCE,
        libraries={module.__name__: module.__version__ for module in (keras, tensorflow, tokenizers, numpy, PIL)},
        files={name: file_hash(folder / name) for name in CONTENT},
        **parts,
    )
    named = manifest.model_dump_json(exclude={"version", "created_at", "metrics"})
    return manifest.model_copy(update={"version": f"{prefix}-{sha256(named.encode()).hexdigest()[:12]}"})


def slug(name: str) -> str:
    """A data set's name in the letters that a version may have."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "bundle"

"""The bare models: the bundle loaded as a worker loads it, called in a loop, with nothing around it."""

import io
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.products import SEED, photos
from shared.bundle import Bundle
from shared.preparation import photo_pixels, product_text
from shared.taxonomy import RAKUTEN
from training.demo.texts import write_listing

CALLS = 60
WARM_UP_CALLS = 10
NICENESS = 10  # a model worker's
Measured = TypeVar("Measured")


def bare_photo_milliseconds(folder: Path) -> tuple[str, list[float]]:
    """The device, and milliseconds per call of the photo model with one photo, already decoded."""
    return in_own_process(_photo_loop, folder)


def bare_text_milliseconds(folder: Path) -> dict[int, list[float]]:
    """Milliseconds per call of the text model with each padded number of rows, already tokenised."""
    return in_own_process(_text_loop, folder)


def in_own_process(loop: Callable[..., Measured], *arguments: Any) -> Measured:
    """What a loop returns that has a new process to itself; TensorFlow stays there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # the new process inherits it
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(loop, *arguments).result()


def _photo_loop(folder: Path) -> tuple[str, list[float]]:
    predictor, bundle = loaded(folder)
    pixels = [photo_pixels(io.BytesIO(photo), bundle.manifest.image.size)[np.newaxis] for photo in photos()]
    return predictor.device, _timed(predictor._photo_call, pixels)


def _text_loop(folder: Path) -> dict[int, list[float]]:
    from worker.padding import TEXT_SIZES

    predictor, _ = loaded(folder)
    generator = np.random.default_rng(SEED)
    listings = (write_listing(category.code, generator, ambiguous=False) for category in RAKUTEN)
    texts = [product_text(listing.designation, listing.description) or "" for listing in listings]
    ids = predictor._encoder.encode(texts)
    return {size: _timed(predictor._text_call, [np.resize(ids, (size, ids.shape[1]))]) for size in TEXT_SIZES}


def loaded(folder: Path) -> tuple[Any, Bundle]:
    """A predictor as a worker has it. The loops reach behind its `predict`, for the bare call of the graph."""
    os.nice(NICENESS)
    from worker.keras_predictor import KerasPredictor

    predictor, bundle = KerasPredictor(), Bundle.open(folder)
    predictor.load(bundle, "auto")
    return predictor, bundle


def _timed(call: Callable[[Any], Any], inputs: list[Any]) -> list[float]:
    taken = []
    for number in range(WARM_UP_CALLS + CALLS):
        rows = inputs[number % len(inputs)]
        started = time.perf_counter()
        call(rows)
        taken.append(1000 * (time.perf_counter() - started))
    return taken[WARM_UP_CALLS:]

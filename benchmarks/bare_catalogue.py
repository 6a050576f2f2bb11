"""The bare loops of whole catalogues: read, tokenise, call the model, take the best; nothing is stored.

Each runs in a process of its own with the bundle loaded as a worker loads it, at a worker's niceness.
"""

import csv
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bare import in_own_process, loaded
from benchmarks.catalogue_files import titles
from benchmarks.products import photos
from shared.fusion import calibrated, fused
from shared.preparation import photo_pixels, product_text

TEXT_BATCHES = (512, 1024, 2048, 4096)
PHOTO_BATCHES = (8, 16, 32, 64)
WARM_UP_CALLS = 3


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """What a bare loop took: in all, and in each of its steps (wall-clock seconds, and cores kept busy)."""

    batch: int
    rows: int
    seconds: float
    step_seconds: dict[str, float]
    step_cores: dict[str, float]

    @property
    def rows_per_second(self) -> float:
        """The rate of the whole loop."""
        return self.rows / self.seconds

    @property
    def processor_microseconds(self) -> float:
        """What a row takes of the processor, on all cores."""
        used = sum(seconds * self.step_cores[step] for step, seconds in self.step_seconds.items())
        return 1e6 * used / self.rows


def bare_texts(folder: Path, catalogue: Path, rows: int, batches: Sequence[int] = TEXT_BATCHES) -> list[LoopFigures]:
    """A catalogue's first rows through the text model, once for each size of batch, in one process."""
    return in_own_process(_text_loops, folder, catalogue, rows, batches)


def bare_texts_on_all_cores(folder: Path, catalogue: Path, rows: int, batch: int) -> float:
    """Rows per second of as many such loops as there are cores, each on a core of its own with its share of rows."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as processes:
        loops = [
            processes.submit(_text_loop_on, core, folder, catalogue, rows // cores, batch) for core in range(cores)
        ]
        return sum(loop.result().rows_per_second for loop in loops)


def bare_photos(folder: Path, rows: int, batches: Sequence[int] = PHOTO_BATCHES) -> list[LoopFigures]:
    """Titles and photos that are decoded already through both models, once for each size of batch."""
    return in_own_process(_photo_loops, folder, rows, batches)


def _text_loop_on(core: int, folder: Path, catalogue: Path, rows: int, batch: int) -> LoopFigures:
    os.sched_setaffinity(0, {core})
    (figures,) = _text_loops(folder, catalogue, rows, [batch])
    return figures


def _text_loops(folder: Path, catalogue: Path, rows: int, batches: Sequence[int]) -> list[LoopFigures]:
    predictor, _ = loaded(folder)
    figures = []
    for batch in batches:
        for _ in range(2):  # the first to warm up
            figures_of_batch = _text_loop(predictor, catalogue, rows, batch)
        figures.append(figures_of_batch)
    return figures


def _text_loop(predictor: Any, catalogue: Path, rows: int, batch: int) -> LoopFigures:
    clock = _Clock()
    with catalogue.open(encoding="utf-8", newline="") as file:
        products = islice(csv.reader(file), 1, 1 + rows)
        while True:
            with clock.step("read"):
                read = list(islice(products, batch))
            if not read:
                break
            with clock.step("clean"):
                texts = [product_text(title, None) or "" for _, title in read]
            with clock.step("tokenise"):
                ids = predictor._encoder.encode(texts)
            with clock.step("model"):
                logits = predictor._text_call(np.resize(ids, (batch, ids.shape[1])))
            with clock.step("best"):
                best = logits[: len(read)].argmax(axis=1)
            clock.rows += len(best)
    return clock.figures(batch)


def _photo_loops(folder: Path, rows: int, batches: Sequence[int]) -> list[LoopFigures]:
    predictor, bundle = loaded(folder)
    pixels = np.stack([photo_pixels(BytesIO(photo), bundle.manifest.image.size) for photo in photos()])
    fusion = bundle.manifest.fusion
    figures = []
    for batch in batches:
        inputs = np.resize(pixels, (batch, *pixels.shape[1:]))
        for _ in range(WARM_UP_CALLS):
            predictor._photo_call(inputs)
        clock, texts = _Clock(), titles(rows)
        while named := list(islice(texts, batch)):
            with clock.step("text"):
                text = calibrated(predictor._text_call(predictor._encoder.encode(named)), fusion.text_temperature)
            with clock.step("photo"):
                image = calibrated(predictor._photo_call(inputs[: len(named)]), fusion.image_temperature)
            with clock.step("best"):
                best = fused(text, image, fusion.text_weight).argmax(axis=1)
            clock.rows += len(best)
        figures.append(clock.figures(batch))
    return figures


class _Clock:
    """Adds up what each step of a loop takes."""

    def __init__(self) -> None:
        self.rows = 0
        self._started = time.perf_counter()
        self._wall: dict[str, float] = {}
        self._processor: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step, on the wall and on the processor."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self._wall[name] = self._wall.get(name, 0.0) + time.perf_counter() - wall
        self._processor[name] = self._processor.get(name, 0.0) + time.process_time() - processor

    def figures(self, batch: int) -> LoopFigures:
        """What has been added up."""
        return LoopFigures(
            batch=batch,
            rows=self.rows,
            seconds=time.perf_counter() - self._started,
            step_seconds=_rounded(self._wall),
            step_cores=_rounded({name: self._processor[name] / wall for name, wall in self._wall.items()}),
        )


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}

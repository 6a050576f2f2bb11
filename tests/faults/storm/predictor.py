"""A model whose answers can be told from what it was asked; it takes its time, and dies of poison."""

import os
import signal
import time
import zlib

import numpy as np
from numpy.typing import NDArray

from shared.fusion import fused
from tests.faults.storm.photos import class_of_red
from tests.support.predictors import Fake, poisoned
from worker.predictor import PreparedRows, ScoredRows


def text_class(text: str, classes: int) -> int:
    """The place among the classes that stands for a text."""
    return zlib.crc32(text.encode()) % classes


def _class_of(pixels: NDArray[np.uint8]) -> int:
    return class_of_red(float(pixels[..., 0].mean()))


class ReadsAndTakesItsTime(Fake):
    """Answers a text by its sum and a photo by its red, and takes its process down on poison."""

    seconds = 0.05

    def predict(self, rows: PreparedRows) -> ScoredRows:
        if poisoned(rows):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        text = self._one_hot([None if each is None else text_class(each, self.classes) for each in rows.texts])
        image = self._one_hot([None if each is None else _class_of(each) for each in rows.photos])
        return ScoredRows(text, image, fused(text, image, 0.5))

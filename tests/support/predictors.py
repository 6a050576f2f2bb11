"""Tiny predictors that answer without models, and a zoo of ones that fail, each in one way.

Worker processes load them by name: SHELFWISE_PREDICTOR=tests.support.predictors:KillsOnPoison.
"""

import os
import signal
import time

import numpy as np

from shared.bundle import Bundle
from shared.fusion import Scores as Array
from shared.fusion import fused
from tests.support.gate import gate_of_this_process
from worker.predictor import PreparedRows, ScoredRows

POISON = "poison"


class Fake:
    """Answers every text with the class that its length names, and every photo with the first class."""

    device = "fake"
    is_to_be_measured = False

    def load(self, bundle: Bundle, precision: str) -> None:
        self.classes = len(bundle.manifest.classes)

    def encode(self, rows: PreparedRows) -> PreparedRows:
        return rows

    def predict(self, rows: PreparedRows) -> ScoredRows:
        text = self._one_hot([None if value is None else len(value) % self.classes for value in rows.texts])
        image = self._one_hot([None if value is None else 0 for value in rows.photos])
        return ScoredRows(text, image, fused(text, image, 0.5))

    def _one_hot(self, classes: list[int | None]) -> Array:
        scores = np.full((len(classes), self.classes), np.nan, np.float32)
        for row, index in enumerate(classes):
            if index is not None:
                scores[row] = 0
                scores[row, index] = 1
        return scores


def poisoned(rows: PreparedRows) -> bool:
    return any(text and POISON in text for text in rows.texts)


class KillsOnPoison(Fake):
    """Takes its process down, as a fault in native code would."""

    def predict(self, rows: PreparedRows) -> ScoredRows:
        if poisoned(rows):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict(rows)


class RaisesOnPoison(Fake):
    def predict(self, rows: PreparedRows) -> ScoredRows:
        if poisoned(rows):
            raise RuntimeError("this row cannot be predicted")
        return super().predict(rows)


class ForgetsRowsOnPoison(Fake):
    """Returns fewer rows than it was given."""

    def predict(self, rows: PreparedRows) -> ScoredRows:
        scores = super().predict(rows)
        if poisoned(rows):
            return ScoredRows(scores.text[1:], scores.image[1:], scores.fused[1:])
        return scores


class HangsOnPoison(Fake):
    def predict(self, rows: PreparedRows) -> ScoredRows:
        if poisoned(rows):
            time.sleep(3600)
        return super().predict(rows)


class Slow(Fake):
    """Takes a tenth of a second a call, so that work piles up behind it."""

    seconds = 0.1

    def predict(self, rows: PreparedRows) -> ScoredRows:
        time.sleep(self.seconds)
        return super().predict(rows)


class VerySlow(Slow):
    """Takes half a second a call."""

    seconds = 0.5


class Gated(Fake):
    """Stays in its call for as long as the gate is closed that the service was started with."""

    def predict(self, rows: PreparedRows) -> ScoredRows:
        gate_of_this_process().pass_through()
        return super().predict(rows)


class SlowToLoad(Fake):
    """Takes three seconds to load."""

    def load(self, bundle: Bundle, precision: str) -> None:
        time.sleep(3)
        super().load(bundle, precision)

"""The seam between the worker and a machine-learning framework: a predictor is loaded once and then predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from shared import fusion
from shared.bundle import Bundle
from shared.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """Inputs of n products: prepared texts, and pixels of shape (size, size, 3) uint8; None where there is none.

    `token_ids` is what `encode` has made of the texts that are there: (texts, max_tokens) int32; None before.
    """

    texts: Sequence[str | None]
    photos: Sequence[NDArray[np.uint8] | None]
    token_ids: NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Probabilities of n products, each (n, classes) float32; a row of NaN where the product has no such input."""

    text: fusion.Scores
    image: fusion.Scores
    fused: fusion.Scores


class Predictor(Protocol):
    """One framework's way to answer products with a bundle. A failure of any kind is raised, never hidden.

    `is_to_be_measured` says whether the size of its calls matters, so that the best one should be looked for.
    """

    device: str
    is_to_be_measured: bool

    def load(self, bundle: Bundle, precision: str) -> None:
        """Get ready to answer with this bundle. Raises BundleRefused when its golden rows come out differently."""

    def encode(self, rows: PreparedRows) -> PreparedRows:
        """The same rows, with what can be done for them before the model's turn; another thread may call this."""

    def predict(self, rows: PreparedRows) -> ScoredRows:
        """Answer all rows, in their order, encoded or not; every row has a text, a photo, or both."""


def make_predictor(name: str) -> Predictor:
    """The predictor that a setting names, as `package.module:Class`. Raises ConfigurationError."""
    module_name, _, class_name = name.partition(":")
    try:
        return cast(Predictor, getattr(import_module(module_name), class_name)())
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"SHELFWISE_PREDICTOR={name}: {error}") from error

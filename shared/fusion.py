"""From two models' logits to one answer: temperature calibration and weighted fusion."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def calibrated(logits: Scores, temperature: float) -> Scores:
    """Probabilities of `logits` (n, classes) at a temperature: softmax(logits / T).

    Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2. T > 1 makes a model less sure.
    """
    scaled = logits.astype(np.float32) / np.float32(temperature)
    exponents = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), dtype=np.float32)


def fused(text: Scores, image: Scores, text_weight: float) -> Scores:
    """`w * text + (1 - w) * image` row by row, for probabilities of shape (n, classes).

    A row of NaN means that the product has no such input: the other model then answers alone.
    """
    weight = np.float32(text_weight)
    both = weight * text + (1 - weight) * image
    alone = np.where(np.isnan(image), text, image)
    return np.asarray(np.where(np.isnan(both), alone, both), dtype=np.float32)

"""From two models' logits to one answer: temperature calibration and weighted fusion."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

LEAST_PROBABILITY = np.float32(1e-12)  # so that one model alone cannot rule a category out


def calibrated(logits: Scores, temperature: float) -> Scores:
    """Probabilities of `logits` (n, classes) at a temperature: softmax(logits / T).

    Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2. T > 1 makes a model less sure.
    """
    scaled = logits.astype(np.float32) / np.float32(temperature)
    exponents = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), dtype=np.float32)


def fused(text: Scores, image: Scores, text_weight: float) -> Scores:
    """`text ** min(1, 2 w) * image ** min(1, 2 (1 - w))`, made to sum to 1, for probabilities of shape (n, classes).

    A logarithmic opinion pool (Genest and Zidek, 1986, section 3). At w = 1/2 it is the plain product, which is right
    where text and photo of a product of known category say nothing of each other and categories are equally frequent;
    towards 1 the photo counts less and less, towards 0 the text.
    A row of NaN means that the product has no such input: the other model then answers alone.
    """
    trust_in_text, trust_in_image = min(1.0, 2 * text_weight), min(1.0, 2 * (1 - text_weight))
    log_text, log_image = (np.log(np.maximum(scores, LEAST_PROBABILITY)) for scores in (text, image))
    both = calibrated(np.asarray(trust_in_text * log_text + trust_in_image * log_image, dtype=np.float32), 1.0)
    alone = np.where(np.isnan(image), text, image)
    return np.asarray(np.where(np.isnan(both), alone, both), dtype=np.float32)

"""Padding: models are called with a few fixed numbers of rows, for which the runtime keeps its prepared kernels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.fusion import Scores

TEXT_SIZES = (1, 8, 64, 256, 512, 1024, 2048, 4096)
PHOTO_SIZES = (1, 2, 4, 8, 16, 32, 64)


def padded_size(rows: int, sizes: Sequence[int]) -> int:
    """The smallest of the ascending `sizes` that holds `rows`; the largest when none does."""
    return next((size for size in sizes if size >= rows), sizes[-1])


def call_padded(model: Callable[[NDArray[Any]], Any], rows: NDArray[Any], sizes: Sequence[int]) -> Scores:
    """Call `model` on n rows in runs of fixed sizes, the last one filled up with zeros, and return n logit rows."""
    logits = []
    for start in range(0, len(rows), sizes[-1]):
        run = rows[start : start + sizes[-1]]
        padded = np.zeros((padded_size(len(run), sizes), *rows.shape[1:]), rows.dtype)
        padded[: len(run)] = run
        logits.append(np.asarray(model(padded), dtype=np.float32)[: len(run)])
    return np.concatenate(logits)

"""Token ids that mean something to everybody, whatever the tokeniser; it need not be loaded to count them."""

import numpy as np
from numpy.typing import NDArray

PADDING_ID = 0
UNKNOWN_ID = 1


def unknown_shares(token_ids: NDArray[np.int32]) -> NDArray[np.float64]:
    """Which share of each text's tokens is unknown: (texts, max_tokens) int32 -> (texts,) float64, from 0 to 1.

    Tokens are counted as the model reads them: cut to its length, without the padding.
    """
    read = (token_ids != PADDING_ID).sum(axis=1)
    return np.asarray((token_ids == UNKNOWN_ID).sum(axis=1) / np.maximum(read, 1), dtype=np.float64)

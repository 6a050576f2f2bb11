"""The bundle's tokeniser: Hugging Face `tokenizers`, read from its own JSON file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from shared.token_ids import PADDING_ID, UNKNOWN_ID


class TextEncoder:
    """Turns prepared texts into token ids of one fixed length."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        tokenizer.enable_truncation(max_tokens)
        tokenizer.enable_padding(length=max_tokens, pad_id=PADDING_ID)
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, path: Path, max_tokens: int) -> Self:
        """Read a tokeniser that training wrote as JSON."""
        return cls(Tokenizer.from_file(str(path)), max_tokens)

    def encode(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Token ids of `texts`: shape (len(texts), max_tokens), int32, padded behind with 0.

        A text that has no token, such as one of punctuation only, is one unknown token: a model that takes the mean
        over a text's tokens has none otherwise.
        """
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ids = np.array([row.ids for row in encoded], dtype=np.int32).reshape(len(encoded), -1)
        ids[:, :1][ids[:, :1] == PADDING_ID] = UNKNOWN_ID
        return ids

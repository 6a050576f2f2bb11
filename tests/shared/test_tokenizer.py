from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from shared.token_ids import PADDING_ID, UNKNOWN_ID
from shared.tokenizer import TextEncoder

WORDS = {"[PAD]": PADDING_ID, "[UNK]": UNKNOWN_ID, "chaise": 2, "longue": 3, "été": 4}


@pytest.fixture
def encoder(tmp_path: Path) -> TextEncoder:
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return TextEncoder.load(tmp_path / "tokenizer.json", max_tokens=4)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("chaise longue", [2, 3, 0, 0]),
        ("longue longue longue chaise chaise chaise", [3, 3, 3, 2]),
        ("chaise zébrée été", [2, UNKNOWN_ID, 4, 0]),
        ("", [UNKNOWN_ID, 0, 0, 0]),
    ],
    ids=["short", "long", "unknown word", "empty"],
)
def test_a_text_is_a_row_of_ids_cut_and_padded_behind(encoder: TextEncoder, text: str, ids: list[int]) -> None:
    assert encoder.encode([text]).tolist() == [ids]


def test_texts_are_encoded_in_their_order(encoder: TextEncoder) -> None:
    rows = encoder.encode(["chaise", "longue", "été"] * 50)

    assert (rows.shape, rows.dtype) == ((150, 4), np.int32)
    assert rows[:, 0].tolist() == [2, 3, 4] * 50

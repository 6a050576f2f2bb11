"""Trains the bundle's tokeniser: byte-pair subwords over lower-cased NFC text, accents and digits kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from shared.token_ids import PADDING_ID, UNKNOWN_ID
from shared.tokenizer import TextEncoder

PADDING = "[PAD]"
UNKNOWN = "[UNK]"
ENCODED_AT_ONCE = 4_096  # texts; the library's own objects take about 100 bytes a token while they last


def train_tokenizer(texts: Sequence[str], vocabulary: int) -> Tokenizer:
    """Learn at most `vocabulary` subwords from the prepared texts of the training rows.

    Byte-pair encoding (Sennrich et al., 2016) of words and single digits: digits apart, because a size or a year
    is otherwise a word seen once. Punctuation other than % only ends a word: as tokens of its own it took a fifth
    of a text's length and told nothing. Id 0 is padding, id 1 a character never seen in training.
    The same texts give the same tokeniser; with the library's `continuing_subword_prefix` they would not,
    for it numbers the prefixed letters in the order of a hash table.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"[^\w%]+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),  # marks where a word begins, so that a word's tail is not taken for a word
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PADDING, UNKNOWN],
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if (tokenizer.token_to_id(PADDING), tokenizer.token_to_id(UNKNOWN)) != (PADDING_ID, UNKNOWN_ID):
        raise RuntimeError("The tokeniser numbered its special tokens otherwise than serving expects.")
    return tokenizer


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> NDArray[np.int32]:
    """Token ids (n, max_tokens), int32, as serving would make them, a few thousand texts at a time."""
    encoder = TextEncoder(tokenizer, max_tokens)
    found = np.empty((len(texts), max_tokens), dtype=np.int32)
    for start in range(0, len(texts), ENCODED_AT_ONCE):
        found[start : start + ENCODED_AT_ONCE] = encoder.encode(texts[start : start + ENCODED_AT_ONCE])
    return found

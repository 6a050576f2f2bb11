import pytest
from tokenizers import Tokenizer

from shared.token_ids import PADDING_ID, UNKNOWN_ID
from shared.tokenizer import TextEncoder
from training.demo.catalogue import demo_catalogue
from training.tokens import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer([product.text or "" for product in demo_catalogue(2, 0, text_only_per_category=10)], 600)


def test_special_ids_are_those_that_serving_expects(tokenizer: Tokenizer) -> None:
    rows = TextEncoder(tokenizer, 8).encode(["livre", "漢"])
    assert rows[0, -1] == PADDING_ID
    assert UNKNOWN_ID in rows[1]
    assert UNKNOWN_ID not in rows[0]


def test_case_is_folded_and_accents_and_digits_are_kept(tokenizer: Tokenizer) -> None:
    def ids(text: str) -> list[int]:
        return TextEncoder(tokenizer, 24).encode([text])[0].tolist()

    assert ids("ÉDITION Déluxe") == ids("édition déluxe")
    assert ids("e\u0301dition") == ids("édition")
    assert ids("édition") != ids("edition")
    assert ids("lot de 4") != ids("lot de 5")


@pytest.mark.parametrize("text", ["!!!", "...", "-", "\u00a0/"])
def test_a_text_of_punctuation_only_is_a_token_nevertheless(tokenizer: Tokenizer, text: str) -> None:
    assert (TextEncoder(tokenizer, 8).encode([text]) != PADDING_ID).any()


def test_punctuation_only_ends_words(tokenizer: Tokenizer) -> None:
    one, other = TextEncoder(tokenizer, 24).encode(["Livre: lot de 4 (neuf), état!", "livre lot de 4 neuf état"])
    assert one.tolist() == other.tolist()


def test_the_vocabulary_is_bounded(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() <= 600


def test_the_same_texts_train_the_same_tokenizer() -> None:
    texts = [product.text or "" for product in demo_catalogue(2, 0, text_only_per_category=4)]
    assert train_tokenizer(texts, 400).to_str() == train_tokenizer(texts, 400).to_str()

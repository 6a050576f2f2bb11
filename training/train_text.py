"""The text half of a training run: tokeniser, then LSTM."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from tokenizers import Tokenizer

from shared.bundle import TextSettings
from shared.errors import InvalidInput
from shared.fusion import Scores
from shared.taxonomy import Category
from shared.tokenizer import TextEncoder
from training.config import TrainingConfig
from training.fitting import History, LabelledArrays, fit_classifier, logits_of
from training.models import make_text_model
from training.products import Product, labels
from training.progress import Progress
from training.split import Split
from training.tokens import train_tokenizer


@dataclass(frozen=True, slots=True)
class TrainedText:
    """A fitted text model with its tokeniser, and how the fitting went."""

    model: keras.Model
    tokenizer: Tokenizer
    settings: TextSettings
    history: History

    def logits(self, products: Sequence[Product]) -> Scores:
        """Logits (n, classes), float32; a row of NaN for a product without text."""
        encoder = TextEncoder(self.tokenizer, self.settings.max_tokens)
        found = np.full((len(products), self.model.output_shape[1]), np.nan, dtype=np.float32)
        rows = [row for row, product in enumerate(products) if product.text is not None]
        if rows:
            found[rows] = logits_of(self.model, encoder.encode([products[row].text or "" for row in rows]))
        return found


def train_text(split: Split, classes: Sequence[Category], config: TrainingConfig, progress: Progress) -> TrainedText:
    """Train the tokeniser on the training texts only, and the LSTM on them with early stopping on validation.

    Raises InvalidInput when training or validation has no text.
    """
    train = [product for product in split.train if product.text is not None]
    validation = [product for product in split.validation if product.text is not None]
    if not train or not validation:
        raise InvalidInput("No product with a text to train on, or none to validate on.", where="products")
    tokenizer = train_tokenizer([product.text or "" for product in train], config.vocabulary)
    encoder = TextEncoder(tokenizer, config.text.max_tokens)
    settings = TextSettings(max_tokens=config.text.max_tokens, vocabulary=tokenizer.get_vocab_size())
    model = make_text_model(config.text, settings.vocabulary, len(classes))
    arrays = [
        LabelledArrays(encoder.encode([product.text or "" for product in part]), labels(part, classes))
        for part in (train, validation)
    ]
    history = fit_classifier(model, arrays[0], arrays[1], config.text_fit, progress)
    return TrainedText(model, tokenizer, settings, history)

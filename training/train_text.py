"""The text half of a training run: tokeniser, then LSTM."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from tokenizers import Tokenizer

from shared.bundle import TextSettings
from shared.fusion import Scores
from shared.taxonomy import Category
from training.batches import InMemory, LabelledRows
from training.checkpoints import Checkpoint
from training.config import TrainingConfig
from training.fitting import History, fit_classifier
from training.fusion import fit_temperature
from training.models import make_text_model, temper_evidence, weigh_by_rarity, words_part
from training.products import Product, labels
from training.progress import Progress
from training.split import Split
from training.steps import Answering
from training.tokens import encode_texts, train_tokenizer


@dataclass(frozen=True, slots=True)
class TrainedText:
    """A fitted text model with its tokeniser, and how the fitting went."""

    model: keras.Model
    tokenizer: Tokenizer
    settings: TextSettings
    words_history: History
    history: History

    def logits(self, products: Sequence[Product]) -> Scores:
        """Logits (n, classes), float32; a row of NaN for a product without text."""
        found = np.full((len(products), self.model.output_shape[1]), np.nan, dtype=np.float32)
        rows = [row for row, product in enumerate(products) if product.text is not None]
        if rows:
            tokens = encode_texts(self.tokenizer, _texts([products[row] for row in rows]), self.settings.max_tokens)
            found[rows] = Answering(self.model).logits(InMemory(tokens))
        return found


def train_text(
    split: Split,
    classes: Sequence[Category],
    config: TrainingConfig,
    progress: Progress,
    checkpoints: tuple[Checkpoint | None, Checkpoint | None] = (None, None),
) -> TrainedText:
    """Train the tokeniser on the training texts only, then the model on them with early stopping on validation.

    First the part that weighs words; then the LSTM learns what that leaves over, and is left out if it makes nothing
    better. With `checkpoints`, one for each, a fit goes on where an earlier one was cut short.
    Training and validation must each have a text.
    """
    train = [product for product in split.train if product.text is not None]
    validation = [product for product in split.validation if product.text is not None]
    progress.stage("tokeniser")
    tokenizer = train_tokenizer(_texts(train), config.vocabulary(len(train)))
    settings = TextSettings(max_tokens=config.text.max_tokens, vocabulary=tokenizer.get_vocab_size())
    rows, validation_rows = (
        LabelledRows(InMemory(encode_texts(tokenizer, _texts(part), settings.max_tokens)), labels(part, classes))
        for part in (train, validation)
    )
    keras.utils.set_random_seed(config.seed)
    model = make_text_model(config.text, settings.vocabulary, len(classes))
    weigh_by_rarity(model, rows.inputs.read(np.arange(len(rows.inputs))))
    words, both = checkpoints
    part = words_part(model)
    words_history = fit_classifier(
        part, rows, validation_rows, config.words_fit, progress, seed=config.seed, checkpoint=words
    )
    temper_evidence(model, fit_temperature(validation_rows.truth, Answering(part).logits(validation_rows.inputs)))
    for layer in part.layers:
        layer.trainable = False
    history = fit_classifier(
        model,
        rows,
        validation_rows,
        config.text_fit,
        progress,
        seed=config.seed,
        checkpoint=both,
        start_counts=True,
    )
    return TrainedText(model, tokenizer, settings, words_history, history)


def _texts(products: Sequence[Product]) -> list[str]:
    return [product.text or "" for product in products]

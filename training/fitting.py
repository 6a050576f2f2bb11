"""Fits a classifier on arrays: Adam, early stopping on the validation loss, the best epoch's weights kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.evaluation import Labels
from training.progress import Progress

History = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How long and how fast a model learns; `weight_decay` is AdamW's (Loshchilov and Hutter, 2019)."""

    learning_rate: float = 2e-3
    epochs: int = 30
    patience: int = 4
    batch: int = 32
    weight_decay: float = 0.0


@dataclass(frozen=True, slots=True)
class LabelledArrays:
    """Model inputs (n, ...) and the class indices (n,) int32 that belong to them."""

    inputs: NDArray[Any]
    truth: Labels


def fit_classifier(
    model: keras.Model,
    train: LabelledArrays,
    validation: LabelledArrays,
    config: FitConfig,
    progress: Progress,
) -> History:
    """Fit a model that gives logits; afterwards it has the weights of its best epoch on `validation`.

    Returns the figures of every epoch: loss, accuracy, val_loss, val_accuracy.
    """
    model.compile(
        optimizer=keras.optimizers.AdamW(config.learning_rate, weight_decay=config.weight_decay),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    progress.stage(f"{model.name} model", config.epochs)
    fitted = model.fit(
        train.inputs,
        train.truth,
        validation_data=(validation.inputs, validation.truth),
        batch_size=config.batch,
        epochs=config.epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=config.patience, restore_best_weights=True),
            _EpochReport(model.name, progress),
        ],
    )
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}


def logits_of(model: keras.Model, inputs: NDArray[Any], batch: int = 256) -> NDArray[np.float32]:
    """Logits (n, classes), float32, of inputs (n, ...)."""
    return np.asarray(model.predict(inputs, batch_size=batch, verbose=0), dtype=np.float32)


class _EpochReport(keras.callbacks.Callback):  # type: ignore[misc]  # Keras carries no types
    """Passes every epoch's figures on."""

    def __init__(self, model_name: str, progress: Progress) -> None:
        super().__init__()
        self._model_name = model_name
        self._progress = progress

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self._progress.epoch(self._model_name, epoch + 1, figures)

"""Fits a classifier: AdamW, early stopping on the validation loss, the best epoch's weights kept.

After every epoch all that the next one depends on can be saved, so that a run that was killed goes on at its last
finished epoch and ends where it would have ended: weights, the optimiser's state, the states of the random layers, and
the early stopping's account. The order of the rows depends on the seed and the epoch alone.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from shared.fusion import calibrated
from training.batches import Batches, LabelledRows
from training.checkpoints import Arrays, Checkpoint
from training.evaluation import Labels, accuracy, macro_f1
from training.fusion import negative_log_likelihood
from training.progress import Progress
from training.steps import Answering, compile_train_step

History = dict[str, list[float]]

FITTING = 1  # raised whenever the same configuration would come to another end: in a new layer, loss or order of rows
MOMENTUM = 0.9
FEWEST_EPOCHS = 5  # that are planned however many rows there are


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How long and how fast a model learns, and by what.

    By AdamW (Loshchilov and Hutter, 2019), whose `weight_decay` it is, or by stochastic gradient descent with MOMENTUM,
    which moves a weight only as far as rows have to do with it: better for linear layers with more weights than rows.

    `epochs` are planned, or as many as make `max_steps` steps if that is less; the fit ends earlier when `patience`
    epochs in a row were no better. The learning rate is constant, or falls along half a cosine to zero over the planned
    epochs (Loshchilov and Hutter, 2017). A row counts the same whatever its class ("none"), or inversely to how many
    rows its class has ("balanced"), or to the root of that ("sqrt").
    """

    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    epochs: int = 30
    patience: int = 4
    batch: int = 32
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    class_weights: Literal["none", "sqrt", "balanced"] = "sqrt"
    max_steps: int | None = 20_000

    def planned_epochs(self, rows: int) -> int:
        """How many epochs a fit on so many training rows has at most."""
        if self.max_steps is None:
            return self.epochs
        affordable = self.max_steps // math.ceil(rows / self.batch)
        return min(self.epochs, max(FEWEST_EPOCHS, affordable))


@dataclass(slots=True)
class FitState:
    """How far a fit is: epochs done, the best of them (0 before the first), its loss and weights, all figures."""

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    best: Arrays = field(default_factory=list)
    history: History = field(default_factory=dict)

    def take(self, figures: dict[str, float], model: keras.Model) -> None:
        """Note an epoch's figures, and its weights if it is the best so far."""
        self.epoch += 1
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)
        if figures["val_loss"] < self.best_loss or not self.best:
            self.best_epoch, self.best_loss, self.best = self.epoch, figures["val_loss"], model.get_weights()

    def has_ended(self, planned_epochs: int, patience: int) -> bool:
        """Whether no further epoch is to come."""
        return self.epoch >= planned_epochs or self.epoch - self.best_epoch >= patience


def fit_classifier(
    model: keras.Model,
    train: LabelledRows,
    validation: LabelledRows,
    config: FitConfig,
    progress: Progress,
    *,
    seed: int,
    checkpoint: Checkpoint | None = None,
    start_counts: bool = False,
) -> History:
    """Fit a model that gives logits; afterwards it has the weights of its best epoch on `validation`.

    With `start_counts` the weights that it came with are kept if no epoch beats them. With a `checkpoint` the fit goes
    on where an earlier one on the same data, from the same start, was cut short.
    Returns the figures of every epoch: loss, accuracy, val_loss, val_accuracy, val_macro_f1.
    """
    fit = Fit(model, train, validation, config, seed)
    if checkpoint is not None:
        checkpoint = checkpoint.bound_to(*fit.description())
    state = fit.resumed(checkpoint) if checkpoint is not None else None
    if state is None:
        state = FitState()
        if start_counts:
            state.best_loss, state.best = fit.validation_figures()["val_loss"], model.get_weights()
    planned = config.planned_epochs(len(train.inputs))
    progress.stage(f"{model.name} model", (planned - state.epoch) * len(train.inputs))
    while not state.has_ended(planned, config.patience):
        figures = {**fit.train_epoch(state.epoch, progress), **fit.validation_figures()}
        state.take(figures, model)
        if checkpoint is not None:
            fit.save(state, checkpoint)
        progress.epoch(model.name, state.epoch, figures)
    model.set_weights(state.best)
    return state.history


class Fit:
    """One model with its data, its optimiser and its compiled steps."""

    def __init__(
        self, model: keras.Model, train: LabelledRows, validation: LabelledRows, config: FitConfig, seed: int
    ) -> None:
        self._model, self._train, self._validation = model, train, validation
        self._config, self._seed = config, seed
        weights = row_weights(train.truth, config.class_weights)
        self._batches = Batches(train, weights, min(config.batch, len(train.inputs)))
        planned_steps = config.planned_epochs(len(train.inputs)) * self._batches.steps
        self._optimizer = make_optimizer(config, planned_steps)
        self._step = compile_train_step(model, self._optimizer, self._batches.spec)
        self._answering = Answering(model)

    def train_epoch(self, epoch: int, progress: Progress) -> dict[str, float]:
        """One pass over the training rows. Returns loss and accuracy."""
        sums, rows_left = tf.zeros(3), len(self._train.inputs)
        for done in self.train_steps(epoch):
            sums += done
            progress.advance(min(self._config.batch, rows_left))
            rows_left -= self._config.batch
        loss, right, rows = (float(value) for value in sums)
        return {"loss": loss / rows, "accuracy": right / rows}

    def train_steps(self, epoch: int) -> Iterator[tf.Tensor]:
        """The pass step by step: each yields the sums that its step returns."""
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._train.inputs))
        for inputs, truth, weights in self._batches.in_order(order):
            yield self._step(inputs, truth, weights)

    def validation_figures(self) -> dict[str, float]:
        """Figures of the present weights on the validation rows, each of which counts the same."""
        logits = self._answering.logits(self._validation.inputs)
        truth, predicted = self._validation.truth, logits.argmax(axis=1)
        return {
            "val_loss": negative_log_likelihood(truth, calibrated(logits, 1.0)),
            "val_accuracy": accuracy(truth, predicted),
            "val_macro_f1": macro_f1(truth, predicted, logits.shape[1]),
        }

    @property
    def validation_rows(self) -> int:
        """How many rows the validation figures are of."""
        return len(self._validation.inputs)

    def description(self) -> list[bytes]:
        """All that the fit's course depends on: data, configuration, start, libraries."""
        libraries = [module.__version__ for module in (keras, tf, np)]
        parts = [repr((FITTING, MOMENTUM, asdict(self._config), self._seed, libraries)).encode()]
        for rows in (self._train, self._validation):
            parts += [rows.inputs.identity(), rows.truth.tobytes()]
        return parts + [np.asarray(value).tobytes() for value in self._model.variables]

    def save(self, state: FitState, checkpoint: Checkpoint) -> None:
        """Write down all that the next epoch depends on."""
        facts = {name: getattr(state, name) for name in ("epoch", "best_epoch", "best_loss", "history")}
        arrays = {name: [np.asarray(value) for value in group] for name, group in self._variables().items()}
        checkpoint.save(facts, {**arrays, "best": state.best})

    def resumed(self, checkpoint: Checkpoint) -> FitState | None:
        """Take up what `save` wrote, None when there is nothing for this fit."""
        if (stored := checkpoint.load()) is None:
            return None
        facts, arrays = stored
        for name, group in self._variables().items():
            for variable, value in zip(group, arrays[name], strict=True):
                variable.assign(value)
        return FitState(**facts, best=arrays["best"])

    def _variables(self) -> dict[str, list[Any]]:
        """The model's variables hold the states of its random layers too."""
        return {"model": self._model.variables, "optimizer": self._optimizer.variables}


def make_optimizer(config: FitConfig, planned_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer as configured."""
    rate: float | keras.optimizers.schedules.LearningRateSchedule = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, planned_steps)
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=MOMENTUM)
    return keras.optimizers.AdamW(rate, weight_decay=config.weight_decay)


def row_weights(truth: Labels, kind: str) -> NDArray[np.float32]:
    """What each row (n,) counts in the loss, by how many rows its class has; 1 on average."""
    counts = np.bincount(truth).astype(np.float64)
    exponent = {"none": 0.0, "sqrt": -0.5, "balanced": -1.0}[kind]
    weights = counts[truth] ** exponent
    return np.asarray(weights / weights.mean(), dtype=np.float32)

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pytest

from training.batches import InMemory, LabelledRows
from training.checkpoints import Checkpoint
from training.fitting import FitConfig, fit_classifier, make_optimizer, row_weights
from training.progress import Silent

CLASSES, WIDTH = 3, 6
CONFIG = FitConfig(learning_rate=1e-2, epochs=6, patience=6, batch=8, schedule="cosine", weight_decay=1e-2)


class Killed(Exception):
    """Stands for whatever ends a process between two epochs."""


class KilledAfter(Silent):
    """Ends the fit when an epoch is over and saved."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        if number == self._epoch:
            raise Killed


class Listening(Silent):
    """Remembers the epochs' numbers, and how many rows were announced and passed."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.total: int | None = None
        self.rows = 0

    def stage(self, title: str, total: int | None = None) -> None:
        self.total = total

    def advance(self, steps: int) -> None:
        self.rows += steps

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        self.epochs.append(number)


def rows(count: int, seed: int) -> LabelledRows:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, CLASSES, count).astype(np.int32)
    inputs = generator.normal(0, 1, (count, WIDTH)).astype(np.float32)
    inputs[np.arange(count), truth] += 1.5
    return LabelledRows(InMemory(inputs), truth)


TRAIN, VALIDATION = rows(45, 1), rows(30, 2)


def make_model() -> keras.Model:
    """Layers of chance on purpose: their states have to be saved as well."""
    keras.utils.set_random_seed(5)
    inputs = keras.Input((WIDTH,), dtype="float32")
    x = keras.layers.Dropout(0.3, name="drop")(keras.layers.Dense(8, activation="tanh", name="hidden")(inputs))
    return keras.Model(inputs, keras.layers.Dense(CLASSES, name="logits")(x), name="small")


def weights(model: keras.Model) -> np.ndarray:
    return np.concatenate([value.ravel() for value in model.get_weights()])


def test_a_fit_learns_and_reports_every_epoch() -> None:
    listening = Listening()
    history = fit_classifier(make_model(), TRAIN, VALIDATION, CONFIG, listening, seed=1)
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy", "val_macro_f1"}
    assert history["val_loss"][-1] < history["val_loss"][0]
    assert history["val_accuracy"][-1] > 0.5
    assert listening.epochs == [1, 2, 3, 4, 5, 6]
    assert listening.rows == listening.total == 6 * 45


def test_the_same_seed_fits_the_same_model_and_another_does_not() -> None:
    fitted = []
    for seed in (1, 1, 2):
        model = make_model()
        fit_classifier(model, TRAIN, VALIDATION, CONFIG, Silent(), seed=seed)
        fitted.append(weights(model))
    np.testing.assert_array_equal(fitted[0], fitted[1])
    assert not np.array_equal(fitted[0], fitted[2])


@pytest.mark.parametrize("epoch", [1, 4, 6])
def test_a_fit_that_was_cut_short_ends_where_it_would_have_ended(tmp_path: Path, epoch: int) -> None:
    whole, resumed = make_model(), make_model()
    history = fit_classifier(whole, TRAIN, VALIDATION, CONFIG, Silent(), seed=1)
    checkpoint, listening = Checkpoint(tmp_path / "small.npz", "test"), Listening()
    with pytest.raises(Killed):
        fit_classifier(resumed, TRAIN, VALIDATION, CONFIG, KilledAfter(epoch), seed=1, checkpoint=checkpoint)
    resumed = make_model()
    again = fit_classifier(resumed, TRAIN, VALIDATION, CONFIG, listening, seed=1, checkpoint=checkpoint)
    np.testing.assert_array_equal(weights(whole), weights(resumed))
    assert again == history
    assert listening.epochs == list(range(epoch + 1, 7))
    assert listening.rows == listening.total


@pytest.mark.parametrize(
    "changed",
    [
        lambda: (rows(45, 3), VALIDATION, CONFIG, 1),
        lambda: (TRAIN, rows(30, 4), CONFIG, 1),
        lambda: (TRAIN, VALIDATION, replace(CONFIG, learning_rate=2e-2), 1),
        lambda: (TRAIN, VALIDATION, CONFIG, 2),
    ],
    ids=["training rows", "validation rows", "configuration", "seed"],
)
def test_the_state_of_another_fit_is_not_taken_up(
    tmp_path: Path, changed: Callable[[], tuple[LabelledRows, LabelledRows, FitConfig, int]]
) -> None:
    checkpoint, listening = Checkpoint(tmp_path / "small.npz", "test"), Listening()
    fit_classifier(make_model(), TRAIN, VALIDATION, CONFIG, Silent(), seed=1, checkpoint=checkpoint)
    train, validation, config, seed = changed()
    fit_classifier(make_model(), train, validation, config, listening, seed=seed, checkpoint=checkpoint)
    assert listening.epochs[0] == 1


def test_the_best_epochs_weights_are_kept_and_patience_ends_the_fit() -> None:
    wild = replace(CONFIG, learning_rate=1.0, epochs=30, patience=3, schedule="constant")
    model = make_model()
    history = fit_classifier(model, TRAIN, VALIDATION, wild, Silent(), seed=1)
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == best + 1 + 3
    logits = np.asarray(model(VALIDATION.inputs.read(np.arange(30))))
    found = float(np.mean(logits.argmax(axis=1) == VALIDATION.truth))
    assert found == pytest.approx(history["val_accuracy"][best])


def test_a_start_that_counts_is_kept_when_nothing_beats_it() -> None:
    model = make_model()
    fit_classifier(model, TRAIN, VALIDATION, CONFIG, Silent(), seed=1)
    good = weights(model)
    wild = replace(CONFIG, learning_rate=5.0, epochs=2, schedule="constant")
    fit_classifier(model, TRAIN, VALIDATION, wild, Silent(), seed=1, start_counts=True)
    np.testing.assert_array_equal(weights(model), good)


def test_rows_of_rare_classes_weigh_more() -> None:
    truth = np.array([0] * 16 + [1] * 4, dtype=np.int32)
    ratios = {}
    for kind in ("none", "sqrt", "balanced"):
        weight = row_weights(truth, kind)
        assert weight.mean() == pytest.approx(1.0)
        ratios[kind] = weight[-1] / weight[0]
    assert ratios == {"none": pytest.approx(1.0), "sqrt": pytest.approx(2.0), "balanced": pytest.approx(4.0)}


def test_the_cosine_falls_to_zero_over_the_planned_steps() -> None:
    schedule = make_optimizer(CONFIG, planned_steps=100)._learning_rate
    assert [float(schedule(step)) for step in (0, 50, 100)] == [
        pytest.approx(1e-2),
        pytest.approx(5e-3),
        pytest.approx(0.0, abs=1e-8),
    ]


def test_many_rows_are_planned_fewer_epochs() -> None:
    config = FitConfig(epochs=30, batch=32, max_steps=20_000)
    assert config.planned_epochs(300) == 30
    assert config.planned_epochs(68_000) == 9
    assert config.planned_epochs(1_000_000) == 5
    assert replace(config, max_steps=None).planned_epochs(1_000_000) == 30
    assert replace(config, epochs=2).planned_epochs(1_000_000) == 2


def test_class_weights_help_the_class_of_few_rows() -> None:
    """Two classes that overlap, 19 to 1: without weights nearly every row is taken for the frequent one."""

    def overlapping(count: int, seed: int) -> LabelledRows:
        generator = np.random.default_rng(seed)
        truth = (np.arange(count) % 20 == 0).astype(np.int32)
        inputs = generator.normal(0, 1, (count, 1)).astype(np.float32) + 1.5 * truth[:, np.newaxis]
        return LabelledRows(InMemory(inputs.astype(np.float32)), truth)

    def recall(kind: Literal["none", "sqrt", "balanced"]) -> float:
        keras.utils.set_random_seed(5)
        inputs = keras.Input((1,), dtype="float32")
        model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(inputs), name="line")
        config = FitConfig(learning_rate=3e-2, epochs=15, patience=15, class_weights=kind)
        fit_classifier(model, overlapping(800, 1), overlapping(400, 2), config, Silent(), seed=3)
        fresh = overlapping(2_000, 4)
        predicted = np.asarray(model(fresh.inputs.read(np.arange(2_000)))).argmax(axis=1)
        return float((predicted[fresh.truth == 1] == 1).mean())

    assert recall("none") + 0.1 < recall("sqrt") < recall("balanced") - 0.1

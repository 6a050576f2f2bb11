"""`shelfwise train`: labelled products in; a measured, tracked, published bundle out, and active if it may be."""

import signal
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cli.figures import say_figures, write_summary
from cli.labelled_data import LabelledData, require_training_extra
from cli.models import activate_model
from cli.terminal import say
from shared.database import Database
from shared.errors import BundleRefused, Conflict, InvalidInput
from shared.settings import Settings
from shared.store import ObjectStore

if TYPE_CHECKING:
    from training.config import TrainingConfig
    from training.datasets import Dataset
    from training.run import Outcome

FITS = ("words_fit", "text_fit", "head_fit", "fine_tune_fit")
MANY_ROWS = 10_000
SHARE, SHARE_OF_MANY = 0.2, 0.1  # of the rows, for validation and for test each


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller wants otherwise than by default; None where the default will do."""

    name: str | None = None
    vgg16_weights: str = "imagenet"
    epochs: int | None = None
    fine_tune: int = 0
    split: Literal["grouped", "random"] = "grouped"
    validation: float | None = None
    test: float | None = None
    seed: int | None = None
    class_weights: Literal["none", "sqrt", "balanced"] | None = None


def train(
    settings: Settings,
    data: LabelledData,
    wishes: Wishes,
    *,
    dry_run: bool,
    activate: bool,
    force: bool,
    summary: Path | None,
) -> None:
    """Train on labelled products and publish the bundle; activate it if asked and not worse than the active one.

    Raises InvalidInput for data that cannot be trained on, and Conflict when the bundle was to be activated and the
    gate keeps it back, which `force` overrules.
    """
    require_training_extra()
    if force and not activate:
        raise InvalidInput("--force belongs to --activate.", where="force")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the run ends as KILLED in MLflow
    from migrations.upgrade import upgrade
    from training.quiet_tensorflow import import_tensorflow

    weights = _weights(wishes.vgg16_weights)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.database)
    with closing(Database(settings.database)) as database:  # which loads SQLite, before TensorFlow brings its own
        store = ObjectStore(settings.store)
        dataset = _dataset(data, wishes.name, database, store)
        import_tensorflow()
        from training.run import TrainingRun

        run = TrainingRun(settings, database, store, dataset, _config(wishes, weights, len(dataset.products)))
        say("measuring the first steps")
        for line in run.estimate().lines():
            say(line)
        if dry_run:
            return
        outcome = run.finish()
    _show(outcome)
    allowed = outcome.verdict.passes or force
    active = activate and allowed
    try:
        if active:
            activate_model(settings, outcome.version)
    except BundleRefused:
        active = False
        raise
    finally:
        if summary is not None:
            write_summary(summary, {**outcome.to_dict(), "activated": active})
    if activate and not allowed:
        raise Conflict(f"Not activated: {outcome.verdict.reason}")


def _dataset(data: LabelledData, name: str | None, database: Database, store: ObjectStore) -> "Dataset":
    dataset = data.read(database, store)
    for line in dataset.report.lines():
        say(line)
    return dataset if name is None else replace(dataset, name=name)


def _config(wishes: Wishes, weights: str | Path | None, rows: int) -> "TrainingConfig":
    """The configuration for so many rows. Raises InvalidInput."""
    from training.config import TrainingConfig

    share = SHARE if rows < MANY_ROWS else SHARE_OF_MANY
    validation = share if wishes.validation is None else wishes.validation
    test = share if wishes.test is None else wishes.test
    if not (0 < validation < 1 and 0 < test < 1 and validation + test < 1):
        raise InvalidInput("--validation and --test must be shares above 0 that leave something to train on.")
    config = TrainingConfig() if weights is not None else TrainingConfig().with_random_start()
    of_fits: dict[str, Any] = {} if wishes.epochs is None else {"epochs": wishes.epochs, "max_steps": None}
    if wishes.class_weights is not None:
        of_fits["class_weights"] = wishes.class_weights
    config = replace(config, **{fit: replace(getattr(config, fit), **of_fits) for fit in FITS})
    return replace(
        config,
        validation_share=validation,
        test_share=test,
        split=wishes.split,
        seed=config.seed if wishes.seed is None else wishes.seed,
        weights=weights,
        fine_tune_blocks=wishes.fine_tune,
    )


def _weights(named: str) -> str | Path | None:
    """What VGG16 starts from. Raises InvalidInput when a file is named that is not there."""
    if named in ("imagenet", "none"):
        return None if named == "none" else named
    path = Path(named)
    if not path.is_file():
        raise InvalidInput(f"There is no file of VGG16 weights at {named}; or say imagenet or none.", where="weights")
    return path.resolve()


def _show(outcome: "Outcome") -> None:
    say(f"published {outcome.version}")
    say_figures(outcome.to_dict()["metrics"])
    say(outcome.verdict.reason)
    say(f"report: {outcome.report_folder / 'report.md'}")

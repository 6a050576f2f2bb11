"""A bundle on labelled products that it may never have seen: the report of `shelfwise evaluate`."""

from pathlib import Path

from shared.bundle import Bundle
from training.baseline import FOLDS, cross_validated_scores
from training.bundle_answers import ask
from training.datasets import Dataset
from training.progress import console_progress
from training.report import Report
from training.report.names import BASELINE_TITLE

SEED = 7  # of the folds


def report_on(bundle: Bundle, dataset: Dataset, cache: Path, precision: str) -> Report:
    """Ask the bundle about every product; `cache` is the folder of photo features, `precision` the service's setting.

    The baseline is trained on the other folds of the same products, since there are no others here to train on.
    Raises BundleRefused when the bundle cannot be loaded.
    """
    progress = console_progress()
    try:
        answers = ask(bundle, dataset.products, dataset.taxonomy, cache, progress, precision)
        progress.stage("baseline")
        baseline = cross_validated_scores(answers.products, answers.classes, SEED)
    finally:
        progress.close()
    notes = []
    if baseline is None:
        notes.append("There are too few products to compare with a baseline.")
    if bundle.manifest.data.name == dataset.name:
        notes.append("The bundle was trained on data of this name: rows that it has seen flatter it.")
    return Report(
        manifest=bundle.manifest,
        answers=answers,
        data_name=dataset.name,
        baseline=baseline,
        baseline_title=f"{BASELINE_TITLE}, {FOLDS} folds of this data",
        notes=notes,
    )

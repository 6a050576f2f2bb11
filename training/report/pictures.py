"""Which pictures a report has, and what they show."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from shared.fusion import Scores
from training import plots
from training.evaluation import Labels
from training.fusion import WEIGHTS, weighed_accuracies
from training.report.names import BASELINE, FUSED, IMAGE, SERVED, TEXT
from training.split import Split

if TYPE_CHECKING:
    from training.report.report import Report, TrainingCourse

FITS = {"words": "text, words", "text": "text, all of it", "head": "photo, head", "image": "photo, fine-tuned"}


def pictures(report: "Report") -> Iterator[tuple[str, str, Figure]]:
    """File name, caption and picture, one after the other: a matrix of many categories takes much memory."""
    answers, figures = report.answers, report.figures
    names = [category.name for category in answers.classes]
    if report.course is not None:
        yield from _of_training(report.course, report, names)
    title = f"{report.manifest.version} on {report.data_name}"
    yield "confusion.png", "Which categories are taken for which", plots.confusion(figures[SERVED], names, title)
    for model, spoken in ((TEXT, "text"), (IMAGE, "photo")):
        if model in figures:
            caption = f"Which categories the {spoken} model alone takes for which"
            yield f"confusion_{model}.png", caption, plots.confusion(figures[model], names, f"{title}: {model}")
    scores = plots.class_scores(figures[SERVED], figures.get(BASELINE), names, report.baseline_title)
    yield "class_scores.png", "F1 of every category", scores
    models = {name: figures[name] for name in (TEXT, IMAGE, FUSED, BASELINE) if name in figures}
    yield "reliability.png", "How sure the answers are, and how often they are right", plots.reliability(models)
    curves = {name: _coverage(answers.truth, scores) for name, scores in _asked(report).items()}
    sure = report.sure
    right = answers.served.argmax(axis=1) == answers.truth
    at_thresholds = (float(sure.mean()), float(right[sure].mean())) if sure.any() else None
    yield "coverage.png", "What is gained when people look at the unsure answers", plots.coverage(curves, at_thresholds)


def _of_training(course: "TrainingCourse", report: "Report", names: list[str]) -> Iterator[tuple[str, str, Figure]]:
    histories = {FITS.get(model, model): history for model, history in course.histories.items()}
    yield "curves.png", "Loss and accuracy of every fit", plots.curves(histories)
    parts = _rows_by_class(course.split, [category.code for category in report.answers.classes])
    yield "class_mix.png", "Rows of every category", plots.class_mix(parts, names)
    weight = report.manifest.fusion.text_weight
    text, image, _ = course.validation.scores(report.manifest.fusion)
    found = weighed_accuracies(course.validation.truth, text, image)
    yield "fusion_weight.png", "Accuracy for every fusion weight", plots.fusion_weight(WEIGHTS, found, weight)


def _rows_by_class(split: Split, codes: list[int]) -> Mapping[str, NDArray[np.int64]]:
    column = {code: place for place, code in enumerate(codes)}
    return {
        part: np.bincount([column[product.code] for product in products], minlength=len(codes))
        for part, products in (("train", split.train), ("validation", split.validation), ("test", split.test))
    }


def _asked(report: "Report") -> Mapping[str, Scores]:
    answers = report.answers
    models = {TEXT: answers.text, IMAGE: answers.image, SERVED: answers.served}
    return {name: scores for name, scores in models.items() if name in report.figures}


def _coverage(truth: Labels, scores: Scores) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of all rows, surest first, and the accuracy among them; a row without an answer is never covered."""
    answered = ~np.isnan(scores[:, 0])
    known, found = truth[answered], scores[answered]
    right = (found.argmax(axis=1) == known)[np.argsort(-found.max(axis=1), kind="stable")]
    counted = np.arange(1, len(right) + 1)
    return counted / len(truth), np.cumsum(right) / counted

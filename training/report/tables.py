"""The tables of a report, row by row, the first row being the header."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from shared.fusion import Scores
from training.report.names import BASELINE, FUSED, IMAGE, SERVED, TEXT

if TYPE_CHECKING:
    from training.report.report import Report


def per_class_rows(report: "Report") -> Iterator[Sequence[object]]:
    """Every category with the figures of the served answers, and the F1 of each model and of the baseline."""
    served = report.figures[SERVED]
    others = [name for name in (TEXT, IMAGE, FUSED, BASELINE) if name in report.figures]
    yield "code", "category", "rows", "precision", "recall", "f1", *(f"{name}_f1" for name in others)
    for place, category in enumerate(report.answers.classes):
        values = [each[place] for each in (served.precision, served.recall, served.f1)]
        values += [report.figures[name].f1[place] for name in others]
        yield category.code, category.name, int(served.support[place]), *(f"{value:.4f}" for value in values)


def confusion_rows(report: "Report") -> Iterator[Sequence[object]]:
    """How many rows of each true category (down) got each category as an answer (across, by code)."""
    classes = report.answers.classes
    yield "code", "category", *(category.code for category in classes)
    for category, counts in zip(classes, report.figures[SERVED].confusion.tolist(), strict=True):
        yield category.code, category.name, *counts


def prediction_rows(report: "Report") -> Iterator[Sequence[object]]:
    """Every product with its category and what the service would answer; empty cells where an input is missing."""
    answers = report.answers
    yield (
        *("product_id", "truth", "answer", "confidence", "modality", "needs_review"),
        *("text_answer", "text_confidence", "image_answer", "image_confidence"),
    )
    codes = [category.code for category in answers.classes]
    for row, product in enumerate(answers.products):
        code, confidence = _best(answers.served, row, codes)
        text, image = _best(answers.text, row, codes), _best(answers.image, row, codes)
        review = str(not report.sure[row]).lower()
        yield product.product_id, product.code, code, confidence, answers.modality(row), review, *text, *image


def _best(scores: Scores, row: int, codes: Sequence[int]) -> tuple[int | str, float | str]:
    """Code and probability of the best category, to as many digits as the service gives."""
    if np.isnan(scores[row, 0]):
        return "", ""
    place = int(scores[row].argmax())
    return codes[place], round(float(scores[row, place]), 6)

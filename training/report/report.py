"""What an evaluation found, and the folder that it is written to.

report.md        what was asked, the figures, the categories, the most frequent confusions, the pictures
metrics.json     the figures
per_class.csv    precision, recall, F1 and rows of every category
confusion.csv    the confusion matrix of the served answers: a row per true category, a column per answered one
predictions.csv  row by row what the service would answer
*.png            the pictures
"""

import csv
import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.bundle import Manifest
from shared.errors import InvalidInput
from shared.fusion import Scores
from training.answers import Answers
from training.bundle_answers import BundleAnswers
from training.evaluation import Figures, figures
from training.fitting import History
from training.report.names import BASELINE, BASELINE_TITLE, CONFUSION, METRICS, PER_CLASS, PREDICTIONS, REPORT, SERVED
from training.report.pictures import pictures
from training.report.tables import confusion_rows, per_class_rows, prediction_rows
from training.report.text import report_lines
from training.split import Split
from training.whole_folder import appearing_complete

TABLES = {REPORT, METRICS, PER_CLASS, CONFUSION, PREDICTIONS}
RESOLUTION = 110  # dots per inch of the pictures


@dataclass(frozen=True, slots=True)
class TrainingCourse:
    """How the bundle came to be, for the report of a training run. `data_lines` say what the data were like."""

    split: Split
    histories: Mapping[str, History]
    validation: Answers
    data_lines: Sequence[str]


@dataclass(frozen=True)
class Report:
    """What an evaluation found.

    `baseline` are the baseline's probabilities (n, classes) for the same rows, None where it could not be trained.
    """

    manifest: Manifest
    answers: BundleAnswers
    data_name: str
    baseline: Scores | None = None
    baseline_title: str = BASELINE_TITLE
    course: TrainingCourse | None = None
    notes: Sequence[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raise InvalidInput when there is nothing to report on."""
        if not len(self.answers.truth):
            raise InvalidInput("No product has a text or a readable photo to be evaluated on.", where="data")

    @cached_property
    def figures(self) -> Mapping[str, Figures]:
        """The figures of text, image and fused answers on the rows with those inputs, and of the served ones on all.

        What no row has the inputs for is missing, and so is a baseline that there is not.
        """
        answers = self.answers
        with_text, with_image = ~np.isnan(answers.text[:, 0]), ~np.isnan(answers.image[:, 0])
        asked = {
            "text": (answers.text, with_text),
            "image": (answers.image, with_image),
            "fused": (answers.served, with_text & with_image),
            SERVED: (answers.served, np.full(len(answers.truth), True)),
        }
        if self.baseline is not None:
            asked[BASELINE] = (self.baseline, np.full(len(answers.truth), True))
        return {
            name: figures(answers.truth[rows], scores[rows]) for name, (scores, rows) in asked.items() if rows.any()
        }

    @cached_property
    def sure(self) -> NDArray[np.bool_]:
        """Which rows the service would answer without asking for a person to look, (n,)."""
        answers, classes = self.answers, self.answers.classes
        best, confidences = answers.served.argmax(axis=1).tolist(), answers.served.max(axis=1).tolist()
        return np.array(
            [
                not self.manifest.needs_review(answers.modality(row), classes[place].code, round(confidence, 6))
                for row, (place, confidence) in enumerate(zip(best, confidences, strict=True))
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """The figures for other programs: rows, accuracy, macro-F1, weighted F1, calibration error of each model."""
        return {
            "version": self.manifest.version,
            "data": self.data_name,
            "rows": len(self.answers.truth),
            "rows_left_out": self.answers.left_out,
            "rows_of_unknown_categories": self.answers.unknown_rows,
            "precision": self.answers.precision,
            "rows_without_review": int(self.sure.sum()),
            "figures": {name: _summary(found) for name, found in self.figures.items()},
        }

    def write(self, folder: Path) -> None:
        """Write the report to `folder`, in place of one that is there; on any failure the one before stays.

        Raises InvalidInput when something else is at that name.
        """
        require_report_folder(folder)
        with appearing_complete(folder, replacing=True) as unfinished:
            captions = {}
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # names in a script without a font
                for name, caption, picture in pictures(self):
                    picture.savefig(unfinished / name, dpi=RESOLUTION)
                    captions[name] = caption
            (unfinished / METRICS).write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
            _table(unfinished / PER_CLASS, per_class_rows(self))
            _table(unfinished / CONFUSION, confusion_rows(self))
            _table(unfinished / PREDICTIONS, prediction_rows(self))
            (unfinished / REPORT).write_text("\n".join(report_lines(self, captions)) + "\n", encoding="utf-8")


def require_report_folder(folder: Path) -> None:
    """Raise InvalidInput unless a report may be written to `folder`: nothing is there, or a report and nothing else."""
    if not folder.exists():
        return
    found = [path.name for path in folder.iterdir()] if folder.is_dir() else [folder.name]
    if found and (REPORT not in found or any(name not in TABLES and not name.endswith(".png") for name in found)):
        raise InvalidInput(f"{folder} is no report that could be replaced; name another folder.", where="out")


def _summary(found: Figures) -> dict[str, float]:
    return {
        "rows": int(found.support.sum()),
        "accuracy": found.accuracy,
        "macro_f1": found.macro_f1,
        "weighted_f1": found.weighted_f1,
        "calibration_error": found.reliability.expected_calibration_error,
    }


def _table(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)

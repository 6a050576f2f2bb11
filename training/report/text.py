"""The page of a report, in Markdown."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from shared.bundle import Modality
from training.products import Product
from training.report.names import BASELINE, CONFUSION, FUSED, PER_CLASS, PREDICTIONS, SERVED
from training.report.tables import per_class_rows

if TYPE_CHECKING:
    from training.report.report import Report

MOST_CONFUSIONS = 12  # that are listed
EXAMPLES = 2  # products of each of them
LONGEST_TITLE = 70  # characters
_MARKS = re.compile(r"[\\`*_\[\]<>&|~#]")  # a seller's title is no link and no picture
_WAYS: tuple[Modality, ...] = ("text+image", "text", "image")


def report_lines(report: "Report", captions: Mapping[str, str]) -> Iterator[str]:
    """The page line by line; `captions` are those of the pictures beside it, by file name."""
    yield f"# {_cell(report.manifest.version)} on {_cell(report.data_name)}\n"
    yield from _rows(report)
    yield from _figures(report)
    yield from _review(report)
    yield from _categories(report)
    yield from _confusions(report)
    yield "\n## Pictures\n"
    yield from (f"### {caption}\n\n![{caption}]({name})\n" for name, caption in captions.items())
    yield f"Tables beside this page: `{PER_CLASS}`, `{CONFUSION}`, and `{PREDICTIONS}` with every product's answer."


def _rows(report: "Report") -> Iterator[str]:
    answers = report.answers
    categories = len(set(answers.truth.tolist()))
    yield f"{len(answers.truth):,} products of {categories} categories were asked about."
    if answers.left_out:
        yield f"{answers.left_out:,} more have neither a text nor a readable photo."
    if answers.unknown_rows:
        unknown = answers.classes[answers.known_classes :]
        listed = ", ".join(f"{_cell(category.name)} ({category.code})" for category in unknown[:MOST_CONFUSIONS])
        more = ", …" if len(unknown) > MOST_CONFUSIONS else ""
        yield f"{answers.unknown_rows:,} are of categories that the bundle does not know: {listed}{more}."
        yield "All of those count as wrong."
    yield from (_cell(note) for note in report.notes)
    if report.course is not None:
        split = report.course.split
        yield f"\nThe bundle was trained on {len(split.train):,} products and validated on {len(split.validation):,};"
        yield f"{len(split.test):,} were kept for the test. The figures are those of the test."
        yield "\n## The data\n"
        yield from (f"* {_cell(line)}" for line in report.course.data_lines)


def _figures(report: "Report") -> Iterator[str]:
    yield "\n## Figures\n\n| answers of | rows | accuracy | macro-F1 | weighted F1 | calibration error |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, found in report.figures.items():
        title = report.baseline_title if name == BASELINE else name
        shares = (found.accuracy, found.macro_f1, found.weighted_f1, found.reliability.expected_calibration_error)
        yield f"| {title} | {int(found.support.sum()):,} | {' | '.join(f'{share:.3f}' for share in shares)} |"
    yield f"\n`{SERVED}` is what the service answers: `{FUSED}` where there are a text and a photo, else one model's."
    fusion = report.manifest.fusion
    yield (
        f"The weight of the text against the photo is {fusion.text_weight:.2f}; the temperatures are "
        f"{fusion.text_temperature:.2f} (text) and {fusion.image_temperature:.2f} (photo)."
    )
    yield f"Convolutions ran in {report.answers.precision.removeprefix('mixed_')}."


def _review(report: "Report") -> Iterator[str]:
    sure, right = report.sure, report.answers.served.argmax(axis=1) == report.answers.truth
    yield "\n## Review\n"
    if sure.any():
        yield f"{sure.mean():.1%} of the answers need no review, and {right[sure].mean():.1%} of those are right."
    if not sure.all():
        yield f"Of the answers that people would look at, {right[~sure].mean():.1%} are right."
    yield "\nThresholds by category are in the table below: an answer whose confidence is lower is looked at."


def _categories(report: "Report") -> Iterator[str]:
    header, *rows = per_class_rows(report)
    yield f"\n## Categories\n\n| {' | '.join(map(str, header))} | {' | '.join(f'review {way}' for way in _WAYS)} |"
    yield f"|---:|---|{'---:|' * (len(header) + 1)}"
    for row in rows:
        code = int(str(row[0]))
        thresholds = [report.manifest.review_thresholds[way].get(code) for way in _WAYS]
        cells = [*map(_cell, row), *("" if each is None else f"{each:.3f}" for each in thresholds)]
        yield f"| {' | '.join(cells)} |"


def _confusions(report: "Report") -> Iterator[str]:
    """The most frequent mistakes, each with products it was made on."""
    mistakes = report.figures[SERVED].confusion.copy()
    np.fill_diagonal(mistakes, 0)
    places = np.argsort(-mistakes, axis=None, kind="stable")[:MOST_CONFUSIONS].tolist()
    pairs = [divmod(place, len(mistakes)) for place in places if mistakes.flat[place]]
    if not pairs:
        return
    yield "\n## Most frequent confusions\n\n| true category | answered | rows | of its rows | for example |"
    yield "|---|---|---:|---:|---|"
    answers, support = report.answers, report.figures[SERVED].support
    predicted = answers.served.argmax(axis=1)
    for true, answered in pairs:
        rows = np.flatnonzero((answers.truth == true) & (predicted == answered))[:EXAMPLES].tolist()
        cells = [
            answers.classes[true].name,
            answers.classes[answered].name,
            mistakes[true, answered],
            f"{mistakes[true, answered] / support[true]:.0%}",
            "; ".join(_title(answers.products[row]) for row in rows),
        ]
        yield f"| {' | '.join(map(_cell, cells))} |"


def _title(product: Product) -> str:
    title = product.text or "(no text)"
    return f"{product.product_id}: {title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + '…'}"


def _cell(value: object) -> str:
    """A value as text, with nothing in it that Markdown would take for its own."""
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};", " ".join(str(value).split()))

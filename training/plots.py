"""The pictures of a training run and of an evaluation, each a figure that is saved and forgotten.

Colours are Okabe and Ito's (2008), which people with any kind of colour vision can tell apart. Names of categories are
cut where they are long, and pictures grow with the number of categories, so that any taxonomy can be shown.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from training.evaluation import BINS, Figures
from training.fitting import History

BLUE, ORANGE, GREEN, GREY, LIGHT = "#0072B2", "#D55E00", "#009E73", "#767676", "#C8C8C8"
COLOURS = {"text": BLUE, "image": ORANGE, "fused": GREEN, "served": GREEN, "baseline": GREY}
STYLES = {"text": "--", "image": "-."}  # for those who see no colours at all
LONGEST_NAME = 32  # characters of a category's name; longer ones lose their middle
CELL = 0.34  # inches a side of a confusion matrix's cell, until the matrix has reached LARGEST_MATRIX
LARGEST_MATRIX = 26.0  # inches a side
SMALLEST_LABEL = 0.12  # inches; where a row has less, only some are labelled
SMALLEST_NUMBER = 0.22  # inches a side of a cell that a number fits into


def short(name: str) -> str:
    """A category's name for an axis, cut in its middle: names of one branch of a taxonomy begin alike.

    A dollar sign, which begins a formula elsewhere, stays one.
    """
    line = " ".join(name.split())
    if len(line) > LONGEST_NAME:
        line = f"{line[: LONGEST_NAME // 3].rstrip()}…{line[LONGEST_NAME // 3 + 1 - LONGEST_NAME :].lstrip()}"
    return line.replace("$", r"\$")


def curves(histories: Mapping[str, History]) -> Figure:
    """Loss and accuracy of every fit over its epochs, on training and validation; the lowest loss is marked.

    The weights of that epoch are kept, or those that the fit started with if they count and were better still.
    """
    figure = Figure(figsize=(4.8 * len(histories) + 0.4, 6.6), layout="constrained")
    panels = figure.subplots(2, len(histories), squeeze=False)
    for column, (model, history) in enumerate(histories.items()):
        epochs = np.arange(1, len(history["loss"]) + 1)
        best = int(np.argmin(history["val_loss"])) + 1
        for row, measure in enumerate(("loss", "accuracy")):
            panel: Axes = panels[row, column]
            marker = "o" if len(epochs) == 1 else None
            panel.plot(epochs, history[measure], color=BLUE, linestyle="--", marker=marker, label="training")
            panel.plot(epochs, history[f"val_{measure}"], color=ORANGE, marker=marker, label="validation")
            panel.axvline(best, color=GREY, linestyle=":", label=f"lowest loss: {best}")
            panel.set(xlabel="epoch", ylabel=measure, title=f"{model}: {measure}")
            panel.set_ylim(0, 1.05 * max(*history[measure], *history[f"val_{measure}"]) if measure == "loss" else 1.02)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            panel.grid(alpha=0.25)
        panels[0, column].legend()
    return figure


def confusion(found: Figures, names: Sequence[str], title: str) -> Figure:
    """The confusion matrix: shade is the share of the true category's rows, the number in a cell is the count."""
    matrix, classes = found.confusion, len(names)
    cell = min(CELL, LARGEST_MATRIX / classes)
    side = max(3.0, cell * classes)
    figure = Figure(figsize=(side + 3.8, side + 3.2), layout="constrained")
    panel = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    image = panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = np.arange(0, classes, max(1, int(np.ceil(SMALLEST_LABEL / cell))))
    labels, size = [short(names[tick]) for tick in ticks.tolist()], min(9.0, 72 * max(cell, SMALLEST_LABEL) * 0.75)
    panel.set_xticks(ticks, labels, rotation=90, fontsize=size)
    panel.set_yticks(ticks, labels, fontsize=size)
    panel.set_xlabel("answered")
    panel.set_ylabel("true category")
    panel.set_title(title, wrap=True, fontsize=10)
    if cell >= SMALLEST_NUMBER:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            digits = str(matrix[row, column])
            colour = "white" if shares[row, column] > 0.55 else "black"
            fitting = min(9.0, 72 * cell * 1.4 / max(2, len(digits)))
            panel.text(column, row, digits, ha="center", va="center", fontsize=fitting, color=colour)
    figure.colorbar(image, label="share of the true category's rows", shrink=min(0.6, 6 / side))
    return figure


def reliability(answers: Mapping[str, Figures]) -> Figure:
    """Share of right answers against confidence, one panel per model; bars show how many answers a bin holds."""
    figure = Figure(figsize=(4.4 * len(answers) + 0.4, 4.6), layout="constrained")
    for panel, (model, found) in zip(figure.subplots(1, len(answers), squeeze=False)[0], answers.items(), strict=True):
        bins = found.reliability
        centres = (np.arange(BINS) + 0.5) / BINS
        panel.bar(centres, bins.rows / max(1, bins.rows.sum()), 0.9 / BINS, color=LIGHT, label="share of answers")
        panel.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as sure as right")
        seen = bins.rows > 0
        panel.plot(bins.confidence[seen], bins.accuracy[seen], "o-", color=COLOURS[model], label="right answers")
        panel.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="confidence")
        panel.set_title(f"{model}: expected calibration error {bins.expected_calibration_error:.3f}", fontsize=10)
    figure.axes[0].set_ylabel("share")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3 if len(answers) > 1 else 2, frameon=False)
    return figure


def class_scores(found: Figures, baseline: Figures | None, names: Sequence[str], baseline_title: str) -> Figure:
    """F1 of every category with rows, the best on top, beside the baseline's."""
    order = [row for row in np.argsort(found.f1, kind="stable").tolist() if found.support[row]]
    figure, panel, places = _bars(len(order))
    height = 0.8 if baseline is None else 0.4
    panel.barh(places + (0 if baseline is None else 0.2), found.f1[order], height, color=GREEN, label="this bundle")
    if baseline is not None:
        panel.barh(places - 0.2, baseline.f1[order], height, color=LIGHT, label=baseline_title)
    panel.set_yticks(places, [f"{short(names[row])} ({found.support[row]:,})" for row in order], fontsize=9)
    panel.set(xlim=(0, 1.005), xlabel="F1 (in brackets: rows of the category)")
    panel.grid(axis="x", alpha=0.25)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def fusion_weight(weights: NDArray[np.float64], accuracies: NDArray[np.float64], chosen: float) -> Figure:
    """Accuracy on validation for every weight of the text against the photo."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    panel = figure.subplots()
    panel.plot(weights, accuracies, color=GREEN, drawstyle="steps-mid")
    panel.axvline(chosen, color=GREY, linestyle=":", label=f"chosen: {chosen:.2f}")
    panel.set(xlim=(0, 1), xlabel="weight of the text (0: photo alone, 1: text alone)", ylabel="accuracy")
    panel.set_title("fusion weight, on validation")
    panel.grid(alpha=0.25)
    panel.legend()
    return figure


def coverage(
    answers: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]], at_thresholds: tuple[float, float] | None
) -> Figure:
    """Accuracy of the surest answers against how many they are: what is gained if people look at the rest.

    `at_thresholds` is where the review thresholds put the served answers, None if they let none pass.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panel = figure.subplots()
    for model, (share, accuracy) in answers.items():
        panel.plot(share, accuracy, color=COLOURS[model], linestyle=STYLES.get(model, "-"), label=model)
    if at_thresholds is not None:
        panel.plot(*at_thresholds, "D", color="black", label="at the review thresholds", clip_on=False)
    panel.set(xlim=(0, 1), xlabel="share of rows answered without a person", ylabel="accuracy of those answers")
    panel.set_ylim(top=1.01)
    panel.grid(alpha=0.25)
    panel.legend()
    return figure


def class_mix(parts: Mapping[str, NDArray[np.int64]], names: Sequence[str]) -> Figure:
    """How many rows of every category each part of the split has, the largest category on top."""
    order = np.argsort(np.sum(list(parts.values()), axis=0), kind="stable")
    figure, panel, places = _bars(len(names))
    left = np.zeros(len(names))
    for (part, counts), colour in zip(parts.items(), (BLUE, ORANGE, LIGHT), strict=True):
        panel.barh(places, counts[order], left=left, color=colour, label=f"{part} ({counts.sum():,})")
        left += counts[order]
    panel.set_yticks(places, [short(names[row]) for row in order], fontsize=9)
    panel.set_xlabel("rows")
    panel.grid(axis="x", alpha=0.25)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def _bars(rows: int) -> tuple[Figure, Axes, NDArray[np.int64]]:
    """A figure for so many horizontal bars, its axes, and the places of the bars."""
    figure = Figure(figsize=(8.5, max(3.0, 0.3 * rows + 1.3)), layout="constrained")
    panel = figure.subplots()
    panel.set_ylim(-0.6, rows - 0.4)
    panel.set_axisbelow(True)
    return figure, panel, np.arange(rows)

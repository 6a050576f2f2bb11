"""Pictures hold all that is drawn, for any taxonomy. That they are easy to read is for eyes to judge."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure

from training import plots
from training.evaluation import Figures, figures
from training.fitting import History

LONG = "Maison & Jardin > Décoration intérieure $ très\nlongue > "


def found(classes: int, rows: int) -> Figures:
    generator = np.random.default_rng(classes)
    truth = generator.integers(0, classes, rows).astype(np.int32)
    scores = generator.dirichlet(np.ones(classes), rows).astype(np.float32)
    scores[np.arange(rows), truth] += 0.5
    return figures(truth, scores / scores.sum(axis=1, keepdims=True))


def history(epochs: int) -> History:
    falling = [2.0 / (number + 1) for number in range(epochs)]
    rising = [1 - value / 2 for value in falling]
    return {"loss": falling, "val_loss": falling, "accuracy": rising, "val_accuracy": rising}


def require_whole(figure: Figure) -> None:
    """Fail when something that was drawn is cut off at an edge of the picture."""
    figure.draw_without_rendering()
    drawn, page = figure.get_tightbbox(), figure.bbox_inches
    assert drawn.x0 >= -0.01
    assert drawn.y0 >= -0.01
    assert drawn.x1 <= page.width + 0.01
    assert drawn.y1 <= page.height + 0.01


CASES: dict[str, tuple[int, Sequence[str]]] = {
    "two": (2, ["Ja", "Nein"]),
    "long names": (27, [f"{LONG}{number}" for number in range(27)]),
    "many": (110, [f"{LONG}{number}" for number in range(110)]),
}


@pytest.mark.parametrize("draw", [plots.confusion, plots.class_scores, plots.class_mix])
@pytest.mark.parametrize("case", CASES)
def test_categories_of_any_number_and_name_fit(case: str, draw: Callable[..., Figure]) -> None:
    classes, names = CASES[case]
    seen = found(classes, 12 * classes)
    if draw is plots.confusion:
        figure = plots.confusion(seen, names, "a bundle with a long name 0123456789ab on the test split of some data")
    elif draw is plots.class_scores:
        figure = plots.class_scores(seen, found(classes, 12 * classes), names, "TF-IDF")
    else:
        counts = seen.support
        figure = plots.class_mix({"train": counts * 8, "validation": counts, "test": counts}, names)
    require_whole(figure)


def test_names_that_begin_alike_stay_apart() -> None:
    assert len({plots.short(f"{LONG}{number}") for number in range(200)}) == 200
    assert plots.short("Sacs") == "Sacs"
    assert all(len(plots.short("x" * length)) <= plots.LONGEST_NAME for length in range(100))


def test_every_cell_of_a_confusion_matrix_that_is_not_empty_has_its_count() -> None:
    seen = found(15, 300)
    panel = plots.confusion(seen, [f"{number}" for number in range(15)], "title").axes[0]
    written = {tuple(map(int, text.get_position())): int(text.get_text()) for text in panel.texts}
    counts = {(int(column), int(row)): int(seen.confusion[row, column]) for row, column in np.argwhere(seen.confusion)}
    assert written == counts


@pytest.mark.parametrize("epochs", [1, 30])
def test_curves_mark_the_epoch_with_the_lowest_loss_on_validation(epochs: int) -> None:
    one = history(epochs)
    if epochs > 4:
        one["val_loss"] = [abs(number - 4) + 1.0 for number in range(epochs)]
    figure = plots.curves({"text model": one, "head over VGG16": history(3), "VGG16, fine-tuned": history(1)})
    require_whole(figure)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert f"lowest loss: {5 if epochs > 4 else 1}" in [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("models", [("text",), ("text", "image", "fused")])
def test_reliability_has_a_panel_per_model(models: Sequence[str]) -> None:
    figure = plots.reliability({model: found(5, 40) for model in models})
    require_whole(figure)
    assert [panel.get_title().split(":")[0] for panel in figure.axes] == list(models)


def test_the_curves_of_weights_and_of_coverage_fit() -> None:
    share = np.linspace(0.01, 1.0, 100)
    require_whole(plots.fusion_weight(np.linspace(0, 1, 101), np.linspace(0.5, 0.9, 101), 0.31))
    curves = {name: (share, 1 - share / 4) for name in ("text", "image", "served")}
    require_whole(plots.coverage(curves, (0.4, 0.98)))
    require_whole(plots.coverage({"served": (share, share * 0)}, None))

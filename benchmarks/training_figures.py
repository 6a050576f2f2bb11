"""Macro-F1 of the default models on a labelled catalogue, over several seeds, beside simpler recipes on the same rows.

python -m benchmarks.training_figures --data PATH --vgg16-weights FILE [--seeds 0,1,2,3,4] [--plain] [--cache FOLDER]
python -m benchmarks.training_figures --demo [--seeds 0,1,2,3,4] [--cache FOLDER]

Every seed divides the catalogue anew, 60/20/20, once keeping look-alikes together (the test is of new products) and
once at random. Nothing is fitted or chosen on test rows. Prints a Markdown table: mean and standard deviation.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from shared.bundle import FusionSettings
from shared.fusion import Scores
from shared.taxonomy import RAKUTEN
from training.quiet_tensorflow import import_tensorflow

if TYPE_CHECKING:
    from training.answers import Answers
    from training.config import TrainingConfig
    from training.datasets import Dataset
    from training.train_image import TrainedImage

METHODS: tuple[Literal["random", "grouped"], ...] = ("random", "grouped")
LAST_BLOCK = 512  # maps of VGG16's last block
SHARE = 0.2  # of validation, and of test
MOST_ITERATIONS = 2_000
PHOTO_C = 120.0  # scikit-learn's C; the best of 120, 400 and 1,200 for new products, on other seeds


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="a labelled catalogue, as `shelfwise train` takes it")
    parser.add_argument("--demo", action="store_true", help="instead: the demo catalogue, by the demo's configuration")
    parser.add_argument("--images", type=Path, help="folder of its photos, where it is not beside the data")
    parser.add_argument("--vgg16-weights", default="imagenet", help="imagenet, or a file of weights without top")
    parser.add_argument("--seeds", default="0,1,2,3,4", help="comma-separated")
    parser.add_argument("--plain", action="store_true", help="measure benchmarks/plain_recipe.py as well")
    parser.add_argument("--cache", type=Path, help="folder of photo features, to use again")
    arguments = parser.parse_args()
    if (arguments.data is None) != arguments.demo:
        parser.error("name the catalogue by either --data or --demo")
    import_tensorflow()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        cache = arguments.cache or Path(temporary)
        data, config = _demo() if arguments.demo else _real(arguments)
        for method in ("random",) if arguments.demo else METHODS:
            found: dict[str, list[float]] = defaultdict(list)
            for seed in seeds:
                measured = dict(_measured(data, replace(config, split=method, seed=seed), cache, arguments.plain))
                print(method, seed, {name: round(value, 3) for name, value in measured.items()}, flush=True)
                for name, value in measured.items():
                    found[name].append(value)
            print(f"\n| {method} split | macro-F1 | standard deviation |\n|---|---|---|")
            for name, values in found.items():
                print(f"| {name} | {np.mean(values):.3f} | {np.std(values):.3f} |")
            print(flush=True)


def _demo() -> tuple["Dataset", "TrainingConfig"]:
    """The demo catalogue, no two of whose products are alike, and the demo's configuration."""
    from training.datasets import Dataset
    from training.datasets.report import DataReport
    from training.demo.bundle import DEMO_ROWS, DEMO_SEED, DEMO_TEXT_ONLY_ROWS, demo_config
    from training.demo.catalogue import demo_catalogue

    products = demo_catalogue(DEMO_SEED, DEMO_ROWS, text_only_per_category=DEMO_TEXT_ONLY_ROWS)
    return Dataset("demo", products, RAKUTEN, DataReport((), {}, {})), demo_config()


def _real(arguments: argparse.Namespace) -> tuple["Dataset", "TrainingConfig"]:
    """The catalogue that was named, and the default configuration."""
    from training.config import TrainingConfig
    from training.datasets import open_dataset

    config = replace(TrainingConfig(), weights=arguments.vgg16_weights, validation_share=SHARE, test_share=SHARE)
    return open_dataset(arguments.data, arguments.images), config


def _measured(data: "Dataset", config: "TrainingConfig", cache: Path, plain: bool) -> Iterator[tuple[str, float]]:
    """Macro-F1 on the test rows of one split, by the name of what answered."""
    from training.answers import answer
    from training.baseline import baseline_scores
    from training.fusion import fit_fusion
    from training.models import words_part
    from training.progress import Silent
    from training.train import divided
    from training.train_image import train_image
    from training.train_text import train_text

    classes, split = divided(data.products, config, data.taxonomy)
    text = train_text(split, classes, config, Silent())
    image = train_image(split, classes, config, cache, Silent())
    validation, test = (
        answer(part, classes, text, image, name)
        for part, name in ((split.validation, "validation"), (split.test, "test"))
    )
    fusion = fit_fusion(*_logits(validation))
    for name, scores in zip(("text", "photo", "fused"), test.scores(fusion), strict=True):
        yield f"Shelfwise: {name}", _macro_f1(test, scores)
    yield "the same two, mean of their probabilities", _mean_f1(validation, test, *_both(validation, test, fusion))
    words = replace(text, model=words_part(text.model))
    yield "its text model without the LSTM", _macro_f1(test, words.logits(test.products))
    simple_text = [baseline_scores(split.train, part.products, classes) for part in (validation, test)]
    simple_photo = _photo_regression(split.train, [validation.products, test.products], classes, image)
    yield "TF-IDF and logistic regression: text", _macro_f1(test, simple_text[1])
    yield "logistic regression on pooled VGG16 features: photo", _macro_f1(test, simple_photo[1])
    yield "those two, mean of their probabilities", _mean_f1(validation, test, simple_text, simple_photo)
    if plain:
        from benchmarks.plain_recipe import plain_photo_scores, plain_text_scores

        plain_text = plain_text_scores(split.train, validation.products, test.products, classes, config.seed)
        plain_photo = plain_photo_scores(
            split.train, validation.products, test.products, classes, config.seed, config.weights, cache
        )
        yield "plain recipe: text", _macro_f1(test, plain_text[1])
        yield "plain recipe: photo", _macro_f1(test, plain_photo[1])
        yield "plain recipe: fused", _mean_f1(validation, test, plain_text, plain_photo)


def _photo_regression(
    train: Sequence[Any],
    parts: Sequence[Sequence[Any]],
    classes: Sequence[Any],
    image: "TrainedImage",
) -> list[Scores]:
    """Probabilities of logistic regression on the means of VGG16's last block, each photo's of length one."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import normalize

    from training.products import labels

    means = slice(-2 * LAST_BLOCK, -LAST_BLOCK)  # the last block's, before its maxima

    def rows(products: Sequence[Any]) -> Any:
        return normalize(np.asarray(image.features.rows[image.features.rows_of(products), means]))

    known = [product for product, row in zip(train, image.features.rows_of(train), strict=True) if row >= 0]
    model = LogisticRegression(C=PHOTO_C, max_iter=MOST_ITERATIONS).fit(rows(known), labels(known, classes))
    found = []
    for part in parts:
        scores = np.zeros((len(part), len(classes)), dtype=np.float32)
        scores[:, model.classes_] = model.predict_proba(rows(part))
        found.append(scores)
    return found


def _both(
    validation: "Answers", test: "Answers", fusion: FusionSettings
) -> tuple[tuple[Scores, Scores], tuple[Scores, Scores]]:
    """Our two models' probabilities, each on validation and test."""
    (text, image, _), (test_text, test_image, _) = validation.scores(fusion), test.scores(fusion)
    return (text, test_text), (image, test_image)


def _mean_f1(validation: "Answers", test: "Answers", text: Sequence[Scores], photo: Sequence[Scores]) -> float:
    """Of the weighted mean of two models' probabilities (each on validation and test), as it is commonly done.

    The weight is the one of 101 that is most accurate on validation, the middle one of those that tie.
    """
    weights = np.linspace(0.0, 1.0, 101)
    right = [np.mean((w * text[0] + (1 - w) * photo[0]).argmax(axis=1) == validation.truth) for w in weights]
    best = np.flatnonzero(np.isclose(right, max(right)))
    weight = weights[best[len(best) // 2]]
    return _macro_f1(test, weight * text[1] + (1 - weight) * photo[1])


def _logits(answers: "Answers") -> tuple[Any, Scores, Scores]:
    return answers.truth, answers.text, answers.image


def _macro_f1(answers: "Answers", scores: Scores) -> float:
    from training.evaluation import macro_f1

    return macro_f1(answers.truth, scores.argmax(axis=1), scores.shape[1])


if __name__ == "__main__":
    main()

"""The folder that an evaluation leaves behind."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.bundle import Bundle
from shared.errors import InvalidInput
from shared.fusion import Scores
from shared.taxonomy import RAKUTEN, Category
from tests.support.tiny import TinyTraining
from training.baseline import baseline_scores
from training.bundle_answers import BundleAnswers, ask
from training.demo.catalogue import demo_catalogue
from training.evaluation import accuracy, macro_f1
from training.products import Product
from training.report import Report, TrainingCourse, require_report_folder
from training.split import split_products

HOSTILE = "<script>alert(1)</script> | a cell\n# and a heading"
HISTORY = {name: [0.9, 0.6, 0.7] for name in ("loss", "val_loss", "accuracy", "val_accuracy", "val_macro_f1")}


def asked_products() -> list[Product]:
    """Two of each category, of which one has no photo, one no text, and one a category and a title of its own."""
    made = demo_catalogue(6, 2)
    made[0] = replace(made[0], photo=None)
    made[1] = replace(made[1], designation=None, description=None)
    made[2] = replace(made[2], designation=HOSTILE, code=7)
    return made


@pytest.fixture(scope="module")
def answers(tiny_bundle: Bundle, tiny_training: TinyTraining) -> BundleAnswers:
    return ask(tiny_bundle, asked_products(), [*RAKUTEN, Category(7, "箱 $ <b>|")], tiny_training.cache)


@pytest.fixture(scope="module")
def baseline(answers: BundleAnswers, tiny_training: TinyTraining) -> Scores:
    return baseline_scores(tiny_training.products, answers.products, answers.classes)


@pytest.fixture(scope="module")
def report(tiny_bundle: Bundle, answers: BundleAnswers, baseline: Scores) -> Report:
    return Report(tiny_bundle.manifest, answers, "two of each", baseline=baseline, notes=["A note."])


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("reports") / "report"
    report.write(target)
    return target


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_everything_is_there_and_nothing_unfinished(folder: Path) -> None:
    assert sorted(path.name for path in folder.parent.iterdir()) == ["report"]
    pictures = ["class_scores.png", "confusion.png", "confusion_image.png", "confusion_text.png"]
    pictures += ["coverage.png", "reliability.png"]
    tables = ["confusion.csv", "metrics.json", "per_class.csv", "predictions.csv", "report.md"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(pictures + tables)
    for name in pictures:
        with Image.open(folder / name) as picture:
            assert min(picture.size) > 300
        assert f"]({name})" in (folder / "report.md").read_text()


def test_metrics_are_those_of_the_predictions_row_by_row(folder: Path, answers: BundleAnswers) -> None:
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = table(folder / "predictions.csv")
    assert [row["product_id"] for row in rows] == [product.product_id for product in answers.products]
    right = [row["truth"] == row["answer"] for row in rows]
    assert metrics["figures"]["served"]["accuracy"] == pytest.approx(np.mean(right))
    for model, column, count in (("text", "text_answer", 53), ("image", "image_answer", 53)):
        asked = [row for row in rows if row[column]]
        assert metrics["figures"][model]["rows"] == len(asked) == count
        found = np.mean([row["truth"] == row[column] for row in asked])
        assert metrics["figures"][model]["accuracy"] == pytest.approx(found)
    assert metrics["figures"]["fused"]["rows"] == 52
    assert metrics["rows_of_unknown_categories"] == 1
    assert metrics["rows_without_review"] == sum(row["needs_review"] == "false" for row in rows)
    served = metrics["figures"]["served"]["macro_f1"]
    assert served == pytest.approx(macro_f1(answers.truth, answers.served.argmax(axis=1), len(answers.classes)))


def test_the_baseline_stands_beside(report: Report, answers: BundleAnswers, baseline: Scores) -> None:
    found = report.to_dict()["figures"]["baseline"]
    assert (found["rows"], found["accuracy"]) == (54, accuracy(answers.truth, baseline.argmax(axis=1)))


def test_rows_say_what_they_were_answered_from(folder: Path) -> None:
    rows = table(folder / "predictions.csv")
    assert [row["modality"] for row in rows[:3]] == ["text", "image", "text+image"]
    assert (rows[0]["image_answer"], rows[1]["text_answer"]) == ("", "")
    assert (rows[0]["answer"], rows[0]["confidence"]) == (rows[0]["text_answer"], rows[0]["text_confidence"])
    assert rows[2]["truth"] == "7"


def test_an_answer_that_is_not_sure_enough_needs_review(
    tiny_bundle: Bundle, answers: BundleAnswers, report: Report
) -> None:
    confidences = np.sort(answers.served.max(axis=1))
    middle = float(confidences[len(confidences) // 2])
    manifest = tiny_bundle.manifest
    thresholds = {way: dict.fromkeys(by_code, middle) for way, by_code in manifest.review_thresholds.items()}
    other = replace(report, manifest=manifest.model_copy(update={"review_thresholds": thresholds}))
    rounded = answers.served.max(axis=1).astype(float).round(6)
    np.testing.assert_array_equal(other.sure, rounded >= middle)
    assert 0 < other.sure.sum() < len(other.sure)


def test_the_tables_of_categories_count_every_row(folder: Path, report: Report) -> None:
    classes = table(folder / "per_class.csv")
    assert len(classes) == 28
    assert sum(int(row["rows"]) for row in classes) == 54
    assert float(classes[27]["f1"]) == 0.0
    assert set(classes[0]) == {"code", "category", "rows", "precision", "recall", "f1"} | {
        f"{model}_f1" for model in ("text", "image", "fused", "baseline")
    }
    matrix = table(folder / "confusion.csv")
    counts = [[int(row[each["code"]]) for each in matrix] for row in matrix]
    np.testing.assert_array_equal(counts, report.figures["served"].confusion)


def test_texts_of_sellers_are_no_markup_on_the_page(folder: Path) -> None:
    page = (folder / "report.md").read_text()
    assert "A note." in page
    assert "<script>" not in page
    assert "<b>" not in page
    assert "\n# and a heading" not in page
    assert "箱 $ &#60;b&#62;&#124;" in page


def test_the_report_of_a_training_run_shows_how_it_went(
    tiny_training: TinyTraining, report: Report, tmp_path: Path
) -> None:
    from training.answers import Answers

    split = split_products(tiny_training.products, validation_share=1 / 6, test_share=1 / 6, seed=7)
    both = ~np.isnan(report.answers.text[:, 0]) & ~np.isnan(report.answers.image[:, 0])
    scores = [np.log(np.maximum(each[both, :27], 1e-9)) for each in (report.answers.text, report.answers.image)]
    known = [product for product, chosen in zip(report.answers.products, both, strict=True) if chosen]
    validation = Answers(known, np.minimum(report.answers.truth[both], 26), *scores)
    course = TrainingCourse(split, {"text": HISTORY, "head": HISTORY}, validation, ["162 rows read"])
    replace(report, course=course).write(tmp_path / "report")
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"curves.png", "class_mix.png", "fusion_weight.png"} <= names
    page = (tmp_path / "report" / "report.md").read_text()
    assert "* 162 rows read" in page
    assert "trained on 108 products" in page


def test_a_bundle_that_is_always_right_has_no_confusions(
    report: Report, answers: BundleAnswers, tmp_path: Path
) -> None:
    sure = np.eye(len(answers.classes), dtype=np.float32)[answers.truth]
    perfect = replace(report, answers=replace(answers, served=sure), baseline=None)
    perfect.write(tmp_path / "report")
    page = (tmp_path / "report" / "report.md").read_text()
    assert "confusions" not in page
    assert "baseline" not in perfect.to_dict()["figures"]


def test_texts_alone_can_be_reported_on(report: Report, answers: BundleAnswers, tmp_path: Path) -> None:
    nothing = np.full_like(answers.image, np.nan)
    has_text = ~np.isnan(answers.text[:, 0])
    kept = [product for product, chosen in zip(answers.products, has_text, strict=True) if chosen]
    alone = replace(
        answers,
        products=kept,
        truth=answers.truth[has_text],
        text=answers.text[has_text],
        image=nothing[has_text],
        served=answers.text[has_text],
    )
    texts = replace(report, answers=alone, baseline=None)
    texts.write(tmp_path / "report")
    assert list(texts.figures) == ["text", "served"]


def test_nothing_to_report_on_is_said(report: Report, answers: BundleAnswers) -> None:
    none = {name: getattr(answers, name)[:0] for name in ("truth", "text", "image", "served")}
    with pytest.raises(InvalidInput, match="No product has a text or a readable photo"):
        replace(report, answers=replace(answers, products=[], **none))


def test_a_report_takes_the_place_of_the_one_before(report: Report, tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.mkdir()
    for name in ("report.md", "curves.png", "confusion.csv"):
        (target / name).write_text("of the run before")
    report.write(target)
    assert not (target / "curves.png").exists()
    assert "of the run before" not in (target / "report.md").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_report_that_cannot_be_finished_leaves_the_one_before(report: Report, tmp_path: Path) -> None:
    target = tmp_path / "report"
    report.write(target)
    before = (target / "report.md").read_text()
    broken = replace(report, baseline=np.zeros((3, 2), dtype=np.float32))  # of other rows
    with pytest.raises(IndexError):
        broken.write(target)
    assert (target / "report.md").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("names", [["letters.txt"], ["report.md", "letters.txt"], ["curves.png"]])
def test_a_folder_with_other_things_is_never_replaced(report: Report, tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(InvalidInput, match="is no report that could be replaced"):
        report.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    require_report_folder(tmp_path / "new")

import io
from collections import deque
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
from PIL import Image

from shared.bundle import FusionSettings
from shared.images import image_key, keep_image
from shared.lanes import MODEL_CALL
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Answer, Outcome, RowError
from shared.store import ObjectStore
from shared.taxonomy import RAKUTEN
from tests.support.predictors import Fake
from tests.worker.conftest import CODES, MakeInference
from worker.call_sizes import CallSizes
from worker.inference import Inference, PredictorFault, take_sub_batch
from worker.predictor import PreparedRows, ScoredRows

NAN = float("nan")
_ids = count(1)


def row(title: str | None = None, image: str | None = None, description: str | None = None) -> ClaimedRow:
    number = next(_ids)
    return ClaimedRow(number, number, f"job-{number}", title, description, image)


def answers(inference: Inference, *rows: ClaimedRow) -> list[Outcome]:
    """The outcomes of rows, in the order of the rows."""
    outcomes = {answered.prediction_id: outcome for answered, outcome in inference.answer(inference.prepare(rows))}
    assert len(outcomes) == len(rows)
    return [outcomes[each.prediction_id] for each in rows]


def answer(inference: Inference, asked: ClaimedRow) -> Answer:
    (outcome,) = answers(inference, asked)
    assert isinstance(outcome, Answer)
    return outcome


def error_code(outcome: Outcome) -> str:
    assert isinstance(outcome, RowError)
    return outcome.code


@pytest.fixture
def photo(store: ObjectStore) -> str:
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(content, "PNG")
    return keep_image(store, content)[0]


class Says(Fake):
    """Gives every product the same scores: a number of them for the first classes, and zero for the rest."""

    def __init__(self, *scores: float) -> None:
        self.scores = scores

    def predict(self, rows: PreparedRows) -> ScoredRows:
        given = np.zeros((len(rows.texts), self.classes), np.float32)
        given[:, : len(self.scores)] = self.scores
        return ScoredRows(given, np.full_like(given, NAN), given)


def test_a_text_is_answered_by_the_text_model_alone(make_inference: MakeInference) -> None:
    said = answer(make_inference(), row("abc"))  # three letters: the fourth class

    assert (said.code, said.confidence, said.modality, said.text_weight) == (CODES[3], 1.0, "text", 1.0)
    assert said.text_scores == said.top
    assert said.image_scores is None
    assert said.model_version == "fake-1"


def test_a_photo_is_answered_by_the_image_model_alone(make_inference: MakeInference, photo: str) -> None:
    said = answer(make_inference(), row(image=photo))

    assert (said.code, said.confidence, said.modality, said.text_weight) == (CODES[0], 1.0, "image", 0.0)
    assert said.image_scores == said.top
    assert said.text_scores is None


def test_a_product_with_both_is_answered_by_both(make_inference: MakeInference, photo: str) -> None:
    fusion = FusionSettings(text_temperature=1, image_temperature=1, text_weight=0.7)
    said = answer(make_inference(fusion=fusion), row("abc", photo))

    assert (said.modality, said.text_weight) == ("text+image", 0.7)
    assert said.text_scores is not None
    assert said.image_scores is not None
    assert (said.text_scores[0], said.image_scores[0]) == ((CODES[3], 1.0), (CODES[0], 1.0))
    assert said.top[:2] == [(CODES[0], 0.5), (CODES[3], 0.5)]


def test_title_and_description_are_read_together(make_inference: MakeInference) -> None:
    assert answer(make_inference(), row("ab", description="cd")).code == CODES[len("ab cd")]


def test_rows_of_all_kinds_are_answered_in_one_call(make_inference: MakeInference, photo: str) -> None:
    outcomes = answers(make_inference(), row("a"), row(image=photo), row("ab", photo), row(image="0" * 64), row())

    kinds = [outcome.modality if isinstance(outcome, Answer) else outcome.code for outcome in outcomes]
    assert kinds == ["text", "image", "text+image", "IMAGE_MISSING", "EMPTY_PRODUCT"]


@pytest.mark.parametrize("title", [None, "", "<br>", "\u200b"])
def test_a_product_with_nothing_to_read_is_a_row_error(make_inference: MakeInference, title: str | None) -> None:
    assert error_code(*answers(make_inference(), row(title))) == "EMPTY_PRODUCT"


def test_a_photo_that_is_gone_is_a_row_error_although_there_is_a_text(make_inference: MakeInference) -> None:
    assert error_code(*answers(make_inference(), row("abc", image="0" * 64))) == "IMAGE_MISSING"


def test_a_photo_that_cannot_be_read_is_a_row_error(make_inference: MakeInference, store: ObjectStore) -> None:
    store.put(image_key("ab" * 32), b"no photo")

    assert error_code(*answers(make_inference(), row(image="ab" * 32))) == "BROKEN_IMAGE"


def test_rows_without_any_input_do_not_reach_the_predictor(make_inference: MakeInference) -> None:
    class NeverCalled(Fake):
        def predict(self, rows: PreparedRows) -> ScoredRows:
            raise AssertionError

    assert error_code(*answers(make_inference(NeverCalled()), row())) == "EMPTY_PRODUCT"


def test_the_five_likeliest_categories_are_named_best_first(make_inference: MakeInference) -> None:
    said = answer(make_inference(Says(0.05, 0.4, 0.1, 0.3, 0.02, 0.13)), row("abc"))

    assert said.top == [(CODES[1], 0.4), (CODES[3], 0.3), (CODES[5], 0.13), (CODES[2], 0.1), (CODES[0], 0.05)]
    assert (said.code, said.confidence) == (CODES[1], 0.4)


@pytest.mark.parametrize(("threshold", "needs_review"), [(0.39, False), (0.4, False), (0.41, True)])
def test_a_person_should_look_below_the_threshold_of_the_category(
    make_inference: MakeInference, threshold: float, needs_review: bool
) -> None:
    thresholds = {code: 0.0 if code != CODES[1] else threshold for code in CODES}
    inference = make_inference(Says(0.3, 0.4), review_thresholds={"text": thresholds})

    assert answer(inference, row("abc")).needs_review is needs_review


def test_a_category_without_a_threshold_needs_no_review(make_inference: MakeInference) -> None:
    assert not answer(make_inference(Says(0.1), review_thresholds={"text": {}}), row("abc")).needs_review


def test_a_bundle_of_other_classes_names_its_own_categories(make_inference: MakeInference) -> None:
    reversed_classes = tuple(reversed(RAKUTEN))

    assert answer(make_inference(classes=reversed_classes), row("abc")).code == CODES[-4]


class Alters(Fake):
    """Answers like Fake, and has its scores altered on the way."""

    def __init__(self, alter: Callable[[ScoredRows], ScoredRows]) -> None:
        self.alter = alter

    def predict(self, rows: PreparedRows) -> ScoredRows:
        return self.alter(super().predict(rows))


def with_nan(part: str) -> Callable[[ScoredRows], ScoredRows]:
    """Make one number of the last row's scores NaN."""

    def alter(scores: ScoredRows) -> ScoredRows:
        getattr(scores, part)[-1, 2] = NAN
        return scores

    return alter


@pytest.mark.parametrize(
    "alter",
    [
        lambda scores: ScoredRows(scores.text[1:], scores.image[1:], scores.fused[1:]),
        lambda scores: ScoredRows(scores.text, scores.image, scores.fused[:, 1:]),
        lambda scores: ScoredRows(scores.text[1:], scores.image, scores.fused),
        lambda scores: ScoredRows(scores.text, scores.image[:, 1:], scores.fused),
        lambda scores: ScoredRows(scores.text, scores.image, scores.fused / 0.0),
        lambda scores: ScoredRows(scores.text * NAN, scores.image, scores.fused),
        lambda scores: ScoredRows(scores.text, scores.image * NAN, scores.image),
        lambda scores: ScoredRows(scores.text, scores.text, scores.fused),
        with_nan("text"),
        with_nan("image"),
        with_nan("fused"),
    ],
    ids=[
        "too few rows",
        "too few classes",
        "too few texts",
        "too few image classes",
        "infinite",
        "no text scores although there is a text",
        "no image scores although there is a photo",
        "image scores although there is no photo",
        "a NaN in a text's scores",
        "a NaN in a photo's scores",
        "a NaN in fused scores",
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_scores_that_are_no_answer_to_what_was_asked_are_a_fault(
    make_inference: MakeInference, photo: str, alter: Callable[[ScoredRows], ScoredRows]
) -> None:
    inference = make_inference(Alters(alter))
    batch = inference.prepare([row("abc"), row("abcd", photo)])

    with pytest.raises(PredictorFault):
        inference.answer(batch)


def test_what_a_predictor_raises_is_its_fault(make_inference: MakeInference) -> None:
    class Raises(Fake):
        def predict(self, rows: PreparedRows) -> ScoredRows:
            raise ZeroDivisionError

    inference = make_inference(Raises())
    batch = inference.prepare([row("abc")])

    with pytest.raises(PredictorFault):
        inference.answer(batch)


@pytest.mark.parametrize(
    ("texts", "photos", "lengths"),
    [
        (0, 0, []),
        (1, 0, [1]),
        (MODEL_CALL, 0, [MODEL_CALL]),
        (MODEL_CALL + 1, 0, [MODEL_CALL, 1]),
        (0, 16, [16]),
        (0, 17, [16, 1]),
        (MODEL_CALL - 1, 1, [MODEL_CALL]),
        (MODEL_CALL, 1, [MODEL_CALL, 1]),
        (3 * MODEL_CALL - 8, 40, [MODEL_CALL, MODEL_CALL, MODEL_CALL, 16, 16]),
    ],
)
def test_rows_are_cut_into_what_one_model_call_takes(texts: int, photos: int, lengths: list[int]) -> None:
    rows = [row("t")] * texts + [row(image="ab")] * photos

    rest, parts = deque(rows), list[list[ClaimedRow]]()
    while rest:
        parts.append(take_sub_batch(rest, CallSizes(texts=MODEL_CALL, photos=16)))

    assert [len(part) for part in parts] == lengths
    assert [each for part in parts for each in part] == rows

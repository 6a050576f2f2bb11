"""From claimed rows to answers: prepare texts and photos, run the models, name the categories.

Nothing here reads or writes the database; `model_loop.py` brings the rows and stores the outcomes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from shared.bundle import Manifest, Modality
from shared.errors import InvalidInput
from shared.images import image_key
from shared.lanes import MODEL_CALL, cost
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Answer, Outcome, RowError, TopScores
from shared.preparation import photo_pixels, product_text
from shared.store import ObjectStore
from worker.predictor import Predictor, PreparedRows, ScoredRows

TOP = 5
NO_IMAGE = RowError("IMAGE_MISSING", "The product's photo is no longer in the store.")
NO_INPUT = RowError("EMPTY_PRODUCT", "The product has neither a readable text nor a photo.")


class PredictorFault(Exception):
    """The predictor raised, or returned something that is no answer to what it was asked."""


@dataclass(frozen=True, slots=True)
class SubBatch:
    """Rows that go through one model call: those that could be prepared with their inputs, the others with errors."""

    rows: list[ClaimedRow]
    inputs: PreparedRows
    errors: list[tuple[ClaimedRow, Outcome]]


def sub_batches(rows: Sequence[ClaimedRow]) -> Iterator[list[ClaimedRow]]:
    """Cut rows into runs that one model call takes, in order; a photo counts as several texts."""
    run: list[ClaimedRow] = []
    used = 0
    for row in rows:
        used += cost(1, int(row.image is not None))
        if run and used > MODEL_CALL:
            yield run
            run, used = [], cost(1, int(row.image is not None))
        run.append(row)
    if run:
        yield run


class Inference:
    """One loaded bundle with what it needs to answer rows."""

    def __init__(
        self, predictor: Predictor, manifest: Manifest, store: ObjectStore, decoders: ThreadPoolExecutor
    ) -> None:
        self.version = manifest.version
        self._predictor = predictor
        self._manifest = manifest
        self._store = store
        self._decoders = decoders
        self._codes = np.array([category.code for category in manifest.classes])

    def prepare(self, rows: Sequence[ClaimedRow]) -> SubBatch:
        """Clean the texts, and read and decode the photos in the decoder threads."""
        photos = self._decoders.map(self._photo, rows)
        good, texts, pixels, errors = [], [], [], list[tuple[ClaimedRow, Outcome]]()
        for row, photo in zip(rows, photos, strict=True):
            text = product_text(row.designation, row.description)
            if isinstance(photo, RowError):
                errors.append((row, photo))
            elif text is None and photo is None:
                errors.append((row, NO_INPUT))
            else:
                good.append(row)
                texts.append(text)
                pixels.append(photo)
        return SubBatch(good, PreparedRows(texts, pixels), errors)

    def answer(self, batch: SubBatch) -> list[tuple[ClaimedRow, Outcome]]:
        """Run the models on a prepared sub-batch. Raises PredictorFault when they fail."""
        if not batch.rows:
            return batch.errors
        try:
            scores = self._predictor.predict(batch.inputs)
        except Exception as error:
            raise PredictorFault("the predictor raised") from error
        self._check(scores, batch.inputs)
        return [
            *batch.errors,
            *((row, self._answer(scores, index)) for index, row in enumerate(batch.rows)),
        ]

    def _photo(self, row: ClaimedRow) -> NDArray[np.uint8] | RowError | None:
        if row.image is None:
            return None
        try:
            return photo_pixels(BytesIO(self._store.get(image_key(row.image))), self._manifest.image.size)
        except FileNotFoundError:
            return NO_IMAGE
        except InvalidInput as error:
            return RowError(error.code, error.message)

    def _check(self, scores: ScoredRows, inputs: PreparedRows) -> None:
        """Raise PredictorFault unless every row has finite scores for exactly the inputs that it has."""
        has_text = [text is not None for text in inputs.texts]
        has_photo = [photo is not None for photo in inputs.photos]
        expected = (len(has_text), len(self._codes))
        for part, present in ((scores.text, has_text), (scores.image, has_photo), (scores.fused, True)):
            if part.shape != expected:
                raise PredictorFault(f"{part.shape} scores came back where {expected} were asked for")
            if (np.isfinite(part).all(axis=1) != present).any():
                raise PredictorFault("some scores are not finite numbers, or answer what was not asked")

    def _answer(self, scores: ScoredRows, index: int) -> Answer:
        text, image = self._top(scores.text[index]), self._top(scores.image[index])
        top = self._top(scores.fused[index]) or []
        code, confidence = top[0]
        modality: Modality = "text+image" if text and image else "text" if text else "image"
        return Answer(
            code=code,
            confidence=confidence,
            top=top,
            text_scores=text,
            image_scores=image,
            text_weight=self._manifest.fusion.text_weight if text and image else float(text is not None),
            modality=modality,
            needs_review=self._manifest.needs_review(modality, code, confidence),
            model_version=self.version,
        )

    def _top(self, scores: NDArray[np.float32]) -> TopScores | None:
        """The best categories of one row with their probabilities; None when there was no such input."""
        if np.isnan(scores[0]):
            return None
        best = np.argsort(-scores, kind="stable")[:TOP]
        return [(int(self._codes[place]), round(float(scores[place]), 6)) for place in best]

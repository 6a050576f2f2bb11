"""From claimed rows to answers: prepare texts and photos, run the models, name the categories.

Nothing here reads or writes the database; `model_loop.py` brings the rows and stores the outcomes.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from shared.bundle import Manifest, Modality
from shared.errors import InvalidInput
from shared.images import image_key
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Answer, Outcome, RowError, TopScores
from shared.preparation import photo_pixels, product_text
from shared.store import ObjectStore
from shared.token_ids import unknown_shares
from worker.call_sizes import CallSizes
from worker.predictor import Predictor, PreparedRows, ScoredRows

TOP = 5
DEFAULT_SIZES = CallSizes()
NO_IMAGE = RowError("IMAGE_MISSING", "The product's photo is no longer in the store.")
NO_INPUT = RowError("EMPTY_PRODUCT", "The product has neither a readable text nor a photo.")


class PredictorFault(Exception):
    """The predictor raised, or returned something that is no answer to what it was asked."""


@dataclass(frozen=True, slots=True)
class SubBatch:
    """Rows that go through one model call: those that could be prepared with their inputs, the others with errors.

    `unknown_tokens` is the share of each row's tokens that the tokeniser does not know; None where there are no tokens.
    """

    rows: list[ClaimedRow]
    inputs: PreparedRows
    errors: list[tuple[ClaimedRow, Outcome]]
    unknown_tokens: Sequence[float | None]


def take_sub_batch(rows: deque[ClaimedRow], sizes: CallSizes) -> list[ClaimedRow]:
    """Take rows off the front, as many as one model call takes."""
    run: list[ClaimedRow] = []
    photos = 0
    while rows and len(run) < sizes.texts:
        photos += rows[0].image is not None
        if photos > sizes.photos:
            break
        run.append(rows.popleft())
    return run


class Inference:
    """One loaded bundle with what it needs to answer rows."""

    def __init__(
        self,
        predictor: Predictor,
        manifest: Manifest,
        store: ObjectStore,
        decoders: ThreadPoolExecutor,
        sizes: CallSizes = DEFAULT_SIZES,
    ) -> None:
        self.version = manifest.version
        self.sizes = sizes
        self._predictor = predictor
        self._manifest = manifest
        self._store = store
        self._decoders = decoders
        self._codes = np.array([category.code for category in manifest.classes])

    def prepare(self, rows: Sequence[ClaimedRow]) -> SubBatch:
        """Clean and encode the texts, and read and decode the photos in the decoder threads."""
        if any(row.image is not None for row in rows):
            photos: Iterable[NDArray[np.uint8] | RowError | None] = self._decoders.map(self._photo, rows)
        else:
            photos = repeat(None, len(rows))
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
        inputs = self._encoded(PreparedRows(texts, pixels))
        return SubBatch(good, inputs, errors, _unknown_tokens(inputs))

    def _encoded(self, inputs: PreparedRows) -> PreparedRows:
        try:
            return self._predictor.encode(inputs)
        except Exception as error:
            raise PredictorFault("the predictor raised") from error

    def answer(self, batch: SubBatch) -> list[tuple[ClaimedRow, Outcome]]:
        """Run the models on a prepared sub-batch. Raises PredictorFault when they fail."""
        if not batch.rows:
            return batch.errors
        try:
            scores = self._predictor.predict(batch.inputs)
        except Exception as error:
            raise PredictorFault("the predictor raised") from error
        self._check(scores, batch.inputs)
        return [*batch.errors, *zip(batch.rows, self._answers(scores, batch.unknown_tokens), strict=True)]

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

    def _answers(self, scores: ScoredRows, unknown_tokens: Sequence[float | None]) -> Iterator[Answer]:
        """The answers to n rows of scores."""
        weight, needs_review = self._manifest.fusion.text_weight, self._manifest.needs_review
        for text, image, both, unknown in zip(*self._tops(scores), unknown_tokens, strict=True):
            top: TopScores = both or text or image or []
            code, confidence = top[0]
            modality: Modality = "text+image" if both else "text" if text else "image"
            yield Answer(
                code,
                confidence,
                top,
                text,
                image,
                weight if both else float(text is not None),
                modality,
                needs_review(modality, code, confidence),
                self.version,
                unknown_tokens=unknown,
            )

    def _tops(self, scores: ScoredRows) -> tuple[Iterable[TopScores | None], ...]:
        """The best categories by the text, by the photo, and by both, where there are both: one alone is the answer."""
        lacks_text, lacks_image = np.isnan(scores.text[:, 0]), np.isnan(scores.image[:, 0])
        return (
            self._top(scores.text, lacks_text),
            self._top(scores.image, lacks_image),
            self._top(scores.fused, lacks_text | lacks_image),
        )

    def _top(self, scores: NDArray[np.float32], absent: NDArray[np.bool_]) -> Iterable[TopScores | None]:
        """Of each of n rows the best categories with their probabilities; None for those that are `absent`."""
        if absent.all():
            return repeat(None, len(scores))
        best = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
        codes = self._codes[best].tolist()
        # Rounded as float64: a float32 shows what its rounding leaves behind.
        values = np.take_along_axis(scores, best, axis=1).astype(np.float64).round(6).tolist()
        return [
            None if is_absent else list(zip(row_codes, row_values, strict=True))
            for is_absent, row_codes, row_values in zip(absent.tolist(), codes, values, strict=True)
        ]


def _unknown_tokens(inputs: PreparedRows) -> list[float | None]:
    """The share of unknown tokens of each of n rows; None where a row has no text, or its predictor no tokens."""
    if inputs.token_ids is None:
        return [None] * len(inputs.texts)
    shares = iter(unknown_shares(inputs.token_ids).tolist())
    return [None if text is None else next(shares) for text in inputs.texts]

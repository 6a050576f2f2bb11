"""A prediction in a list: with what is read beside it, what a person said about it, and what it was before."""

from collections.abc import Callable, Mapping
from typing import Self

from pydantic import BaseModel, Field

from api.answers.corrections import CorrectionAnswer
from shared.answers.predictions import CategoryAnswer, PredictionAnswer
from shared.corrections import CorrectionRecord
from shared.prediction_lists import ListedPrediction, PredictionCount
from shared.reruns import PreviousPrediction

Names = Callable[[str], Mapping[int, str]]  # of a version's categories


class PreviousAnswer(CategoryAnswer):
    """The category of the same row in the job that was run again."""

    confidence: float

    @classmethod
    def before(cls, previous: PreviousPrediction, names: Names) -> Self:
        """The answer for what a row was before."""
        name = names(previous.model_version).get(previous.code, str(previous.code))
        return cls(code=previous.code, name=name, confidence=previous.confidence)


class ListedPredictionAnswer(PredictionAnswer):
    """A prediction with the latest that a person said about it."""

    description: str | None
    correction: CorrectionAnswer | None
    previous: PreviousAnswer | None = Field(
        description="With `job` alone, where that is a rerun and the row had a category in the job before, "
        "while that one is kept."
    )

    @classmethod
    def listed(cls, found: ListedPrediction, correction: CorrectionRecord | None, names: Names) -> Self:
        """The answer for a row of a list."""
        version = found.record.model_version
        prediction = PredictionAnswer.of(found.record, found.job, {} if version is None else names(version))
        return cls(
            **prediction.model_dump(),
            description=found.description,
            correction=None if correction is None else CorrectionAnswer.of(correction),
            previous=None if found.previous is None else PreviousAnswer.before(found.previous, names),
        )


class PredictionCountAnswer(BaseModel):
    """How many predictions a list has."""

    count: int
    at_least: bool = Field(description="Whether there are more, which were not counted.")

    @classmethod
    def of(cls, counted: PredictionCount) -> Self:
        """The answer for a count."""
        return cls(count=counted.rows, at_least=counted.at_least)

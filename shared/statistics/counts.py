"""Counts: what was done on one lane with one bundle. They add up: over calls, over workers, over time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.identifiers import made_at
from shared.lanes import Lane
from shared.ledger.finish import Answer, Outcome
from shared.ledger.settle import Ended
from shared.statistics.bins import confidence_bin, latency_bin, unknown_bin


class Slot(NamedTuple):
    """Whose counts they are: a period that begins at `starts_at` and lasts `seconds`, a bundle, and a lane."""

    starts_at: datetime
    seconds: int
    model_version: str
    lane: Lane

    @property
    def ends_at(self) -> datetime:
        """When the period ends."""
        return self.starts_at + timedelta(seconds=self.seconds)


@dataclass(slots=True)
class Counts:
    """Rows, model calls and ended jobs, and how the answers are distributed.

    `answered` are rows with a prediction, and `reused` those among them that took an earlier one; `errors` are rows
    with an error. `latency` counts ended jobs of one product by the time from their acceptance to their stored answer.
    `jobs` counts all ended ones, as `kind status`. What follows is of rows that the model has answered: their
    categories, what they were answered from, their confidence, and the unknown tokens of those that have a text.
    """

    answered: int = 0
    reused: int = 0
    errors: int = 0
    calls: int = 0
    called_rows: int = 0
    called_seconds: float = 0.0
    latency: Counter[int] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    modalities: Counter[str] = field(default_factory=Counter)
    confidence: Counter[int] = field(default_factory=Counter)
    unknown: Counter[int] = field(default_factory=Counter)

    def note_call(self, rows: int, seconds: float) -> None:
        """Count one call of the models."""
        self.calls += 1
        self.called_rows += rows
        self.called_seconds += seconds

    def note_stored(self, outcomes: Sequence[Outcome], ended: Ended, moment: float) -> None:
        """Count outcomes that were stored at a moment, in seconds since 1970, and the jobs that ended with them."""
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        new = [answer for answer in answers if answer.reused_from is None]
        self.answered += len(answers)
        self.errors += len(outcomes) - len(answers)
        self.reused += len(answers) - len(new)
        self._note_new(new)
        for job_id, status in ended.items():
            kind = ended.kinds[job_id]
            self.jobs[f"{kind} {status}"] += 1
            if kind == "product":
                self.latency[latency_bin(moment - made_at(job_id))] += 1

    def add(self, other: "Counts") -> None:
        """Add other counts to these."""
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in HISTOGRAMS:
            mine = getattr(self, name)
            for key, count in getattr(other, name).items():
                mine[key] += count

    def _note_new(self, answers: Sequence[Answer]) -> None:
        # Whole lists: those a Counter counts in C.
        self.codes.update([answer.code for answer in answers])
        self.modalities.update([answer.modality for answer in answers])
        self.confidence.update([confidence_bin(answer.confidence) for answer in answers])
        shares = [answer.unknown_tokens for answer in answers]
        self.unknown.update([unknown_bin(share) for share in shares if share is not None])


_PARTS = {each.name: each.type for each in fields(Counts)}
NUMBERS = tuple(name for name, kind in _PARTS.items() if kind in (int, float))
HISTOGRAMS = tuple(name for name in _PARTS if name not in NUMBERS)

"""Counts: what was done on one lane with one bundle. They add up: over calls, over workers, over time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import NamedTuple, Self

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

    @classmethod
    def of_call(cls, rows: int, seconds: float) -> Self:
        """One call of the models."""
        return cls(calls=1, called_rows=rows, called_seconds=seconds)

    @classmethod
    def of_stored(cls, outcomes: Iterable[Outcome], ended: Ended, moment: float) -> Self:
        """What was stored at this moment (in seconds since 1970): rows' outcomes, and the jobs that ended with them."""
        counts = cls()
        for outcome in outcomes:
            counts._count(outcome)
        for job_id, status in ended.items():
            kind = ended.kinds[job_id]
            counts.jobs[f"{kind} {status}"] += 1
            if kind == "product":
                counts.latency[latency_bin(moment - made_at(job_id))] += 1
        return counts

    def add(self, other: "Counts") -> None:
        """Add other counts to these."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, each.name, mine + theirs)

    def _count(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Answer):
            self.errors += 1
            return
        self.answered += 1
        if outcome.reused_from is not None:
            self.reused += 1
            return
        self.codes[outcome.code] += 1
        self.modalities[outcome.modality] += 1
        self.confidence[confidence_bin(outcome.confidence)] += 1
        if outcome.unknown_tokens is not None:
            self.unknown[unknown_bin(outcome.unknown_tokens)] += 1

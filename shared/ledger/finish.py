"""Finish: write what a claim came to, only while it is still this worker's to write."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from pydantic_core import to_json
from sqlalchemy import Connection, Update, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from shared.identifiers import now
from shared.ledger.claim import Claim, ClaimedRow, lock_held
from shared.ledger.locks import OpenJob, lock_jobs
from shared.ledger.settle import Ended, Tally, settle
from shared.lifecycle import BatchState, move
from shared.many_rows import ManyRows, moment
from shared.reruns import Former, same_row
from shared.tables import Batch, Prediction

TopScores: TypeAlias = list[tuple[int, float]]


class Answer(NamedTuple):
    """A row's prediction. Scores are `[(code, score), …]`, best first; None where the product had no such input.

    `reused_from` is the id of the row that got this answer from the model, where it is an earlier one.
    `unknown_tokens`, the share of the text's tokens that the tokeniser does not know, is counted and not stored; None
    where the model had no tokens.
    """

    code: int
    confidence: float
    top: TopScores
    text_scores: TopScores | None
    image_scores: TopScores | None
    text_weight: float
    modality: str
    needs_review: bool
    model_version: str
    reused_from: int | None = None
    unknown_tokens: float | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row has no prediction; `code` is stable. `column` is the file's own name of the one at fault, if any."""

    code: str
    message: str
    column: str | None = None

    def stored(self) -> dict[str, str]:
        """As the row's `error` holds it."""
        named = {} if self.column is None else {"column": self.column}
        return {"code": self.code, "message": self.message, **named}


Outcome: TypeAlias = Answer | RowError


def finish(connection: Connection, claims: Sequence[Claim], outcomes: Sequence[tuple[ClaimedRow, Outcome]]) -> Ended:
    """Close the claims' batches and write the outcomes of their rows; returns the jobs that ended.

    A batch whose lease was lost, or whose job was canceled, is passed over with all its rows: somebody else
    has it, or nobody wants it any more.
    """
    held = set(lock_held(connection, claims))
    jobs = lock_jobs(connection, {each.job_id for each in claims if each.batch_id in held})
    tallies = {job.id: Tally() for job in jobs}
    ours = {each.batch_id for each in claims if each.batch_id in held and each.job_id in tallies}
    connection.execute(_DONE, {"batches_": list(ours)})
    answers, errors = [], []
    for row, result in outcomes:
        if row.batch_id not in ours:
            continue
        if isinstance(result, RowError):
            tallies[row.job_id].failed += 1
            errors.append((row.prediction_id, result))
        else:
            tallies[row.job_id].succeeded += 1
            tallies[row.job_id].reused += result.reused_from is not None
            tallies[row.job_id].model_versions.add(result.model_version)
            answers.append((row.prediction_id, result))
    for job in jobs:
        if job.changes is not None:
            tallies[job.id].changes = _changed(connection, job, answers)
    write_answers(connection, answers)
    write_errors(connection, errors)
    ended = settle(connection, jobs, tallies)
    ended.batches = frozenset(ours)
    return ended


def _changed(connection: Connection, rerun: OpenJob, answers: Sequence[tuple[int, Answer]]) -> int:
    """How many of these answers to rows of a rerun name another category than its former job did."""
    ids = [prediction_id for prediction_id, _ in answers]
    before = connection.execute(_BEFORE, {"former_": rerun.rerun_of, "rerun_": rerun.id, "rows_": ids})
    former = {prediction_id: code for prediction_id, code in before}
    return sum(former.get(prediction_id) not in (None, answer.code) for prediction_id, answer in answers)


def write_answers(connection: Connection, answers: Sequence[tuple[int, Answer]]) -> None:
    """Store predictions by the ids of their rows."""
    finished_at = moment(connection, now())
    rows = []
    for prediction_id, answer in answers:
        top = _as_json(answer.top)
        rows.append(
            (
                prediction_id,
                answer.code,
                answer.confidence,
                top,
                top if answer.text_scores == answer.top else _as_json(answer.text_scores),
                top if answer.image_scores == answer.top else _as_json(answer.image_scores),
                answer.text_weight,
                answer.modality,
                answer.needs_review,
                answer.model_version,
                answer.reused_from,
                finished_at,
            )
        )
    _ANSWER.execute(connection, rows)


def _as_json(scores: TopScores | None) -> str | None:
    return None if scores is None else to_json(scores).decode()  # five times as quick as json.dumps


def write_errors(connection: Connection, errors: Sequence[tuple[int, RowError]]) -> None:
    """Store row errors by the ids of their rows."""
    if not errors:
        return
    finished_at = moment(connection, now())
    _ERROR.execute(
        connection, [(prediction_id, json.dumps(error.stored()), finished_at) for prediction_id, error in errors]
    )


_BEFORE = (
    select(Prediction.id, Former.prediction)
    .join(Former, same_row(bindparam("former_")))
    .where(Prediction.id.in_(bindparam("rows_", expanding=True)), Prediction.job_id == bindparam("rerun_"))
)
_DONE = (
    move(Batch.state, BatchState.DONE)
    .where(Batch.id.in_(bindparam("batches_", expanding=True)))
    .values(lease_until=None)
)


def _update_row(*columns: InstrumentedAttribute[Any]) -> Update:
    """An UPDATE of one row by `id_`, taking each column's value from the parameter of its name and `_`."""
    values = {column: bindparam(f"{column.key}_", type_=column.type) for column in columns}
    return update(Prediction).where(Prediction.id == bindparam("id_")).values(values)


_ANSWERED = (
    Prediction.prediction,
    Prediction.confidence,
    Prediction.top,
    Prediction.text_scores,
    Prediction.image_scores,
    Prediction.text_weight,
    Prediction.modality,
    Prediction.needs_review,
    Prediction.model_version,
    Prediction.reused_from,
    Prediction.finished_at,
)
_ANSWER = ManyRows(_update_row(*_ANSWERED), "id_", *(f"{column.key}_" for column in _ANSWERED))
_ERROR = ManyRows(_update_row(Prediction.error, Prediction.finished_at), "id_", "error_", "finished_at_")

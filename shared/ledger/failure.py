"""Failure: what becomes of batches whose try was lost, and of batches that are given back.

A batch of several rows is halved, so that a row which kills its batch is cornered in a few steps while its
neighbours get their predictions; a row alone in its batch has three tries, of which one may have been in the
company of other batches. The intake of a file has three tries at each place that it comes to. A batch that has failed
goes to the end of its owner's line, so that others are done before it kills a worker again, and is only ever claimed
alone (`claim`).
"""

from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import Connection, Row, insert, select, update

from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.cancel import fail_job
from shared.ledger.claim import Claim, lock_held
from shared.ledger.finish import RowError, write_errors
from shared.ledger.locks import lock_batches, lock_jobs
from shared.ledger.settle import Ended, Tally, settle
from shared.ledger.turns import next_turn
from shared.lifecycle import OPEN_BATCH, BatchState, in_states, move
from shared.tables import Batch, Prediction

TRIES = 3
_Lost: TypeAlias = Row[int, str, str, str, str, int]
GAVE_UP = {
    "predict": RowError("PREDICTION_FAILED", f"The model failed on this product {TRIES} times."),
    "fetch": RowError("IMAGE_FETCH_FAILED", f"Fetching this product's photo failed {TRIES} times."),
    "intake": RowError("CATALOGUE_FAILED", f"Reading the file failed {TRIES} times at the same place."),
}


def give_back(connection: Connection, claims: Sequence[Claim]) -> None:
    """Return batches unworked, at no cost to them."""
    ours = lock_held(connection, claims)
    connection.execute(
        move(Batch.state, BatchState.QUEUED)
        .where(Batch.id.in_(ours))
        .values(lease_until=None, worker=None, queued_at=now())
    )


def fail(connection: Connection, claims: Sequence[Claim]) -> Ended:
    """Book a lost try on those of the batches that are still held under these claims; returns the jobs that ended."""
    _lock_whole_jobs(connection, claims)
    held = lock_held(connection, claims)
    lost = connection.execute(
        select(Batch.id, Batch.job_id, Batch.owner_id, Batch.kind, Batch.lane, Batch.failures)
        .where(Batch.id.in_(held))
        .order_by(Batch.id)
    ).all()
    jobs = lock_jobs(connection, {batch.job_id for batch in lost})
    tallies, ended = {job.id: Tally() for job in jobs}, Ended()
    for batch in lost:
        if batch.job_id not in tallies:  # it has ended meanwhile: nobody wants these rows any more
            _close(connection, batch.id)
            continue
        rows = list(
            connection.scalars(
                select(Prediction.id)
                .where(Prediction.batch_id == batch.id, Prediction.finished_at.is_(None))
                .order_by(Prediction.row)
            )
        )
        if len(rows) > 1:
            _halve(connection, batch.id, rows, _last_turn(connection, batch))
        elif batch.failures + 1 < TRIES:
            _try_again(connection, batch.id, batch.failures + 1, _last_turn(connection, batch))
        elif batch.kind == "intake":
            ended.add(fail_job(connection, batch.job_id, GAVE_UP["intake"]))
        else:
            _close(connection, batch.id)
            write_errors(connection, [(prediction_id, GAVE_UP[batch.kind]) for prediction_id in rows])
            tallies[batch.job_id].failed += len(rows)
    ended.add(settle(connection, jobs, tallies))
    return ended


def _lock_whole_jobs(connection: Connection, claims: Sequence[Claim]) -> None:
    """Lock, together with these claims' batches, all open ones of jobs that a last try at their file may end.

    That comes when the jobs are locked already, and batches are locked before jobs, in the order of their ids.
    """
    ours = Batch.id.in_([held.batch_id for held in claims])
    last_try = (Batch.kind == "intake") & (Batch.failures >= TRIES - 1)
    jobs = connection.scalars(select(Batch.job_id).where(ours, last_try)).all()
    if jobs:
        lock_batches(connection, ours | (Batch.job_id.in_(jobs) & in_states(Batch.state, *OPEN_BATCH)))


def _last_turn(connection: Connection, batch: _Lost) -> int:
    """The turn at the end of the line in which a batch stands."""
    return next_turn(connection, Lane(batch.lane), batch.owner_id, batch.kind)


def _halve(connection: Connection, batch_id: int, rows: Sequence[int], turn: int) -> None:
    """Keep the lower half of the rows in the batch, from now on at this turn; a new one, behind it, has the others."""
    lower, upper = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    born = (Batch.job_id, Batch.owner_id, Batch.kind, Batch.lane)
    original = connection.execute(select(*born).where(Batch.id == batch_id)).one()
    new_batch = connection.execute(
        insert(Batch)
        .values(**original._mapping, rows=len(upper), photos=_photos(connection, upper), turn=turn + 1, failures=1)
        .returning(Batch.id)
    ).scalar_one()
    connection.execute(update(Prediction).where(Prediction.id.in_(upper)).values(batch_id=new_batch))
    _try_again(connection, batch_id, 1, turn)
    connection.execute(
        update(Batch).where(Batch.id == batch_id).values(rows=len(lower), photos=_photos(connection, lower))
    )


def _try_again(connection: Connection, batch_id: int, failures: int, turn: int) -> None:
    connection.execute(
        move(Batch.state, BatchState.QUEUED)
        .where(Batch.id == batch_id)
        .values(failures=failures, lease_until=None, worker=None, queued_at=now(), turn=turn)
    )


def _close(connection: Connection, batch_id: int) -> None:
    connection.execute(
        move(Batch.state, BatchState.FAILED)
        .where(Batch.id == batch_id)
        .values(failures=Batch.failures + 1, lease_until=None)
    )


def _photos(connection: Connection, rows: Sequence[int]) -> int:
    found = connection.scalars(select(Prediction.id).where(Prediction.id.in_(rows), Prediction.image.is_not(None)))
    return len(found.all())

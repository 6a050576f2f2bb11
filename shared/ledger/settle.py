"""Settle: add what happened to the jobs' counters, and end the jobs that have nothing open any more.

Whoever listens to an ended job is told of it: the same transaction writes that down (`shared/webhooks/events.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select, update

from shared.identifiers import now
from shared.ledger.locks import OpenJob
from shared.lifecycle import OPEN_BATCH, JobStatus, in_states, move, outcome
from shared.tables import Batch, Job
from shared.webhooks.events import record_ends


@dataclass(slots=True)
class Tally:
    """What a transaction has done to one job's rows."""

    succeeded: int = 0
    failed: int = 0
    reused: int = 0
    changes: int = 0
    model_versions: set[str] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Take in what was done besides."""
        self.succeeded += other.succeeded
        self.failed += other.failed
        self.reused += other.reused
        self.changes += other.changes
        self.model_versions |= other.model_versions


class Ended(dict[str, JobStatus]):
    """The jobs that ended in a transaction, and how.

    `kinds` says what each of them was, `to_tell` whether there is a webhook to be called for one of them, and `rows`
    what the transaction has done to the rows of all jobs, also of those that go on. `batches` are those whose outcomes
    were written (`finish`).
    """

    def __init__(self, jobs: Mapping[str, JobStatus] | None = None, kinds: Mapping[str, str] | None = None) -> None:
        super().__init__(jobs or {})
        self.kinds = dict(kinds or {})
        self.to_tell = False
        self.rows = Tally()
        self.batches: frozenset[int] = frozenset()

    def add(self, others: "Ended") -> None:
        """Take in what else has been done in the same transaction."""
        self.update(others)
        self.kinds |= others.kinds
        self.to_tell |= others.to_tell
        self.rows.add(others.rows)
        self.batches |= others.batches


def written_down(connection: Connection, jobs: Mapping[str, JobStatus], kinds: Mapping[str, str]) -> Ended:
    """These jobs, which have ended in this transaction, with whoever listens to them written down."""
    ended = Ended(jobs, kinds)
    ended.to_tell = record_ends(connection, jobs)
    return ended


def settle(connection: Connection, jobs: Sequence[OpenJob], tallies: Mapping[str, Tally]) -> Ended:
    """Add tallies to their jobs, end those that are complete, and return the ended ones.

    The jobs come locked (`lock_jobs`) before their open batches are looked for: of two workers that finish a
    job's last two batches at once, the second waits for the lock, and then sees that nothing is open any more.
    """
    if not jobs:
        return Ended()
    still_open = set(connection.scalars(_STILL_OPEN, {"jobs_": [job.id for job in jobs]}))
    counts, ended = [], dict[str, JobStatus]()
    for job in jobs:
        tally = tallies[job.id]
        succeeded, failed = job.succeeded + tally.succeeded, job.failed + tally.failed
        versions = sorted(set(job.model_versions) | tally.model_versions)
        counts.append(
            {
                "id_": job.id,
                "succeeded_": succeeded,
                "failed_": failed,
                "reused_": job.reused + tally.reused,
                "changes_": None if job.changes is None else job.changes + tally.changes,
                "versions_": versions,
            }
        )
        if job.intake_done and job.id not in still_open:
            ended[job.id] = outcome(succeeded, failed)
    connection.execute(_ADD, counts)
    for status in set(ended.values()):
        ids = [job_id for job_id, end in ended.items() if end == status]
        connection.execute(_END[status], {"jobs_": ids, "moment_": now()})
    settled = written_down(connection, ended, {job.id: job.kind for job in jobs if job.id in ended})
    for tally in tallies.values():
        settled.rows.add(tally)
    return settled


_STILL_OPEN = (
    select(Batch.job_id)
    .where(Batch.job_id.in_(bindparam("jobs_", expanding=True)), in_states(Batch.state, *OPEN_BATCH))
    .distinct()
)
_END = {
    status: move(Job.status, status)
    .where(Job.id.in_(bindparam("jobs_", expanding=True)))
    .values(finished_at=bindparam("moment_"))
    for status in (JobStatus.SUCCEEDED, JobStatus.PARTIALLY_SUCCEEDED, JobStatus.FAILED)
}
_ADD = (
    update(Job)
    .where(Job.id == bindparam("id_"))
    .values(
        succeeded=bindparam("succeeded_"),
        failed=bindparam("failed_"),
        reused=bindparam("reused_"),
        changes=bindparam("changes_", type_=Job.changes.type),
        model_versions=bindparam("versions_", type_=Job.model_versions.type),
        version=Job.version + 1,
    )
)

"""Jobs as people ask for them: one, a page of them, and how long each still waits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from shared.catalogues.source import Source
from shared.deleted import JOB_IS_THERE
from shared.errors import NotFound
from shared.lanes import Lane
from shared.lifecycle import BatchState, JobStatus, in_states, is_terminal
from shared.predictions import PredictionRecord, first_predictions
from shared.tables import Batch, Job

# Where batches wait, each in one line.
LINES = ((Lane.INTERACTIVE, "predict"), (Lane.BULK, "predict"), (Lane.IO, "intake"), (Lane.IO, "fetch"))
LINE = 1_000  # batches of a lane that are counted for a place in it, so that asking costs the same in any queue


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One submission and how far it is.

    `queue_position` is 1 for the job whose work is claimed next and None for jobs that do not wait, or that wait
    behind more than LINE batches;
    `prediction` is set for jobs of one product, `source` for those of a file. `read_share` is how much of that has
    been read, from 0 to 1. `changes` is how many rows of a rerun have another category than before.
    """

    id: str
    owner_id: str
    kind: str
    name: str | None
    status: JobStatus
    total: int
    succeeded: int
    failed: int
    reused: int
    intake_done: bool
    model_versions: list[str]
    version: int
    error: dict[str, Any] | None
    source: Source | None
    read_share: float
    rerun_of: str | None
    changes: int | None
    cleared_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime
    queue_position: int | None
    prediction: PredictionRecord | None

    @property
    def ended(self) -> bool:
        """Whether nothing about this job will change any more."""
        return is_terminal(self.status)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are asked for: those of one owner, and of those only the ones that match what is set."""

    owner_id: str
    status: JobStatus | None = None
    kind: str | None = None
    since: datetime | None = None


_COLUMNS = (
    Job.id,
    Job.owner_id,
    Job.kind,
    Job.name,
    Job.status,
    Job.total,
    Job.succeeded,
    Job.failed,
    Job.reused,
    Job.intake_done,
    Job.model_versions,
    Job.version,
    Job.error,
    Job.source,
    Job.read_share,
    Job.rerun_of,
    Job.changes,
    Job.cleared_at,
    Job.created_at,
    Job.started_at,
    Job.finished_at,
    Job.deadline,
)


def job_by_id(connection: Connection, job_id: str, owner_id: str | None = None) -> JobRecord:
    """The job of this id. Raises NotFound when there is none, or when it is not `owner_id`'s (None: anybody's)."""
    return visible_to(jobs_by_ids(connection, [job_id]).get(job_id), owner_id)


def jobs_by_ids(connection: Connection, job_ids: Iterable[str]) -> dict[str, JobRecord]:
    """Those of these jobs that there are, whoever owns them."""
    found = connection.execute(_BY_IDS, {"jobs_": list(job_ids)}).all()
    return {record.id: record for record in _records(connection, found)}


def visible_to(job: JobRecord | None, owner_id: str | None) -> JobRecord:
    """The job itself. Raises NotFound when there is none, or when it is not `owner_id`'s (None: anybody's)."""
    if job is None or owner_id not in (None, job.owner_id):
        raise NotFound("There is no such job.")
    return job


def job_progress(connection: Connection, job_ids: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """The versions of those of these jobs that there are, and whether they have ended."""
    found = connection.execute(_PROGRESS, {"jobs_": list(job_ids)})
    return {job_id: (version, is_terminal(JobStatus(status))) for job_id, version, status in found}


def jobs_before(connection: Connection, wanted: JobFilter, job_id: str | None, limit: int) -> Sequence[JobRecord]:
    """Up to `limit` jobs, newest first, from before the one of this id (None: from the newest)."""
    query = select(*_COLUMNS).where(Job.owner_id == wanted.owner_id, JOB_IS_THERE)
    query = query.order_by(Job.id.desc()).limit(limit)
    if wanted.status is not None:
        query = query.where(Job.status == wanted.status)
    if wanted.kind is not None:
        query = query.where(Job.kind == wanted.kind)
    if wanted.since is not None:
        query = query.where(Job.created_at >= wanted.since)
    if job_id is not None:
        query = query.where(Job.id < job_id)
    return _records(connection, connection.execute(query).all())


def queue_positions(connection: Connection, job_ids: Collection[str]) -> dict[str, int]:
    """The places in their lane of these jobs' first waiting batches, 1 being next; jobs beyond LINE are left out."""
    if not job_ids:
        return {}
    places: dict[str, int] = {}
    for lane, kind in LINES:
        for place, job_id in enumerate(connection.scalars(_LINE, {"lane_": lane, "kind_": kind}), start=1):
            places.setdefault(job_id, place)
    return {job_id: places[job_id] for job_id in job_ids if job_id in places}


def _records(connection: Connection, jobs: Sequence[Row[*tuple[Any, ...]]]) -> list[JobRecord]:
    positions = queue_positions(connection, [job.id for job in jobs if job.status == JobStatus.QUEUED])
    predictions = first_predictions(connection, [job.id for job in jobs if job.kind == "product"])
    return [
        JobRecord(
            **{**job._mapping, "status": JobStatus(job.status), "source": Source.of(job.source)},
            queue_position=positions.get(job.id),
            prediction=predictions.get(job.id),
        )
        for job in jobs
    ]


_THESE = Job.id.in_(bindparam("jobs_", expanding=True)) & JOB_IS_THERE
_BY_IDS = select(*_COLUMNS).where(_THESE)
_PROGRESS = select(Job.id, Job.version, Job.status).where(_THESE)
_LINE = (
    select(Batch.job_id)
    .where(
        Batch.lane == bindparam("lane_"), Batch.kind == bindparam("kind_"), in_states(Batch.state, BatchState.QUEUED)
    )
    .order_by(Batch.turn, Batch.id)
    .limit(LINE)
)

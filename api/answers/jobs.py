"""A job: what was submitted, and how far it is."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from api.answers.predictions import ErrorAnswer, PredictionAnswer
from shared.identifiers import now
from shared.jobs import JobRecord
from shared.lifecycle import JobStatus

_DIGITS = 3


class Counts(BaseModel):
    """A job's rows: how many came to what, and how many are still to come."""

    total: int
    succeeded: int
    failed: int
    reused: int
    pending: int


class JobAnswer(BaseModel):
    """One submission. `version` grows at each change; a job of one product carries its `prediction`."""

    id: str
    kind: Literal["product", "catalogue", "ingest"]
    name: str | None
    status: JobStatus
    counts: Counts
    progress: float = Field(ge=0, le=1)
    rows_per_second: float | None
    eta_seconds: float | None
    queue_position: int | None = Field(
        description="1 for the job whose work is taken next; null when it does not wait."
    )
    model_versions: list[str]
    version: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime
    error: ErrorAnswer | None
    links: dict[str, str]
    prediction: PredictionAnswer | None

    @classmethod
    def of(cls, job: JobRecord, prediction: PredictionAnswer | None) -> Self:
        """The answer for a job."""
        rate = _rows_per_second(job)
        pending = job.total - job.succeeded - job.failed
        running = job.status == JobStatus.RUNNING and job.intake_done  # before that, nobody knows how many will come
        return cls(
            id=job.id,
            kind=job.kind,  # type: ignore[arg-type]  # pydantic checks the value
            name=job.name,
            status=job.status,
            counts=Counts(
                total=job.total, succeeded=job.succeeded, failed=job.failed, reused=job.reused, pending=pending
            ),
            progress=_progress(job),
            rows_per_second=rate,
            eta_seconds=round(pending / rate, 1) if running and rate else None,
            queue_position=job.queue_position,
            model_versions=job.model_versions,
            version=job.version,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            expires_at=job.deadline,
            error=None if job.error is None else ErrorAnswer.model_validate(job.error),
            links={"self": job_path(job.id)},
            prediction=prediction,
        )


def job_path(job_id: str) -> str:
    """Where a job is found."""
    return f"/api/jobs/{job_id}"


def _progress(job: JobRecord) -> float:
    if job.total == 0:
        return float(job.ended)
    return round((job.succeeded + job.failed) / job.total, _DIGITS)


def _rows_per_second(job: JobRecord) -> float | None:
    if job.started_at is None:
        return None
    seconds = ((job.finished_at or now()) - job.started_at).total_seconds()
    return round((job.succeeded + job.failed) / seconds, _DIGITS) if seconds > 0 else None

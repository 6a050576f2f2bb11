"""A job: what was submitted, and how far it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from shared.answers.names import CategoryNames
from shared.answers.predictions import ErrorAnswer, PredictionAnswer
from shared.catalogues.source import Format, Source
from shared.identifiers import now
from shared.jobs import JobRecord
from shared.lifecycle import JobStatus

_NO_NAMES: Mapping[int, str] = {}
_DIGITS = 3
_PARTS = ("results", "errors", "events")


class Counts(BaseModel):
    """A job's rows, as far as they have been read: how many came to what, and how many are still to come."""

    total: int
    succeeded: int
    failed: int
    reused: int
    pending: int


class SourceAnswer(BaseModel):
    """The file of a job. `size` is in bytes, as it was stored.

    How it is read is what its sender said, and null where that is to be found out; once the first rows have been read
    it is what holds. `columns` says which of the file's columns is which of ours, `header` names all of the file's;
    it may be long, and is null in lists and events.
    """

    filename: str | None
    format: Format
    size: int
    sha256: str
    encoding: str | None
    delimiter: str | None
    columns: dict[str, str]
    header: list[str] | None
    compressed: bool | None

    @classmethod
    def of(cls, source: Source) -> Self:
        """The answer for a file."""
        layout = source.layout
        said = source if layout is None else layout
        return cls(
            filename=source.filename,
            format=source.format,
            size=source.size,
            sha256=source.sha256,
            encoding=said.encoding,
            delimiter=said.delimiter,
            columns=said.columns,
            header=None if layout is None else list(layout.header),
            compressed=None if layout is None else layout.gzip,
        )


class JobAnswer(BaseModel):
    """One submission. `version` grows at each change; a job of one product carries its `prediction`."""

    id: str
    kind: Literal["product", "catalogue", "ingest"]
    name: str | None
    status: JobStatus
    counts: Counts
    progress: float = Field(
        ge=0, le=1, description="How much of all rows is done; while a file is read, of as many as it seems to have."
    )
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
    cleared_at: datetime | None = Field(description="Since when its file and rows are no longer kept.")
    rerun_of: str | None = Field(description="The job whose rows this one runs again.")
    changes: int | None = Field(description="How many rows came to another category than in that job.")
    error: ErrorAnswer | None
    source: SourceAnswer | None
    links: dict[str, str]
    prediction: PredictionAnswer | None

    @classmethod
    def of(cls, job: JobRecord, prediction: PredictionAnswer | None) -> Self:
        """The answer for a job."""
        rate = _rows_per_second(job)
        done = job.succeeded + job.failed
        return cls(
            id=job.id,
            kind=job.kind,  # type: ignore[arg-type]  # pydantic checks the value
            name=job.name,
            status=job.status,
            counts=Counts(
                total=job.total,
                succeeded=job.succeeded,
                failed=job.failed,
                reused=job.reused,
                pending=job.total - done,
            ),
            progress=_progress(job),
            rows_per_second=rate,
            eta_seconds=_seconds_left(job, rate),
            queue_position=job.queue_position,
            model_versions=job.model_versions,
            version=job.version,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            expires_at=job.deadline,
            cleared_at=job.cleared_at,
            rerun_of=job.rerun_of,
            changes=job.changes,
            error=None if job.error is None else ErrorAnswer.model_validate(job.error),
            source=None if job.source is None else SourceAnswer.of(job.source),
            links=_links(job),
            prediction=prediction,
        )

    def for_many(self) -> Self:
        """The answer as one among many, without what may be half a megabyte of each."""
        if self.source is None or self.source.header is None:
            return self
        return self.model_copy(update={"source": self.source.model_copy(update={"header": None})})


def job_answer(connection: Connection, names: CategoryNames, job: JobRecord) -> JobAnswer:
    """The answer for a job, its prediction named by the version that made it."""
    version = predicted_by(job)
    return answer_with(_NO_NAMES if version is None else names.of(connection, version), job)


def predicted_by(job: JobRecord) -> str | None:
    """The version of the bundle that predicted a job's one product, if it has one."""
    return None if job.prediction is None else job.prediction.model_version


def answer_with(names: Mapping[int, str], job: JobRecord) -> JobAnswer:
    """The answer for a job, with the names of that version's categories."""
    record = job.prediction
    return JobAnswer.of(job, None if record is None else PredictionAnswer.of(record, job.status, names))


def job_path(job_id: str) -> str:
    """Where a job is found."""
    return f"/api/jobs/{job_id}"


def _links(job: JobRecord) -> dict[str, str]:
    path = job_path(job.id)
    return {"self": path, **{part: f"{path}/{part}" for part in _PARTS}}


def _expected(job: JobRecord) -> float | None:
    """How many rows there will be: while the file is read, as many as the part that was read lets expect.

    None where nothing lets expect anything.
    """
    if job.intake_done:
        return job.total
    return max(job.total, job.total / job.read_share) if job.total and job.read_share > 0 else None


def _progress(job: JobRecord) -> float:
    done, expected = job.succeeded + job.failed, _expected(job)
    if not expected:
        return float(job.ended)
    share = round(done / expected, _DIGITS)
    return share if done == expected else min(share, 1 - 10**-_DIGITS)


def _seconds_left(job: JobRecord, rate: float | None) -> float | None:
    expected = _expected(job)
    if job.status != JobStatus.RUNNING or not rate or expected is None:
        return None
    return round((expected - job.succeeded - job.failed) / rate, 1)


def _rows_per_second(job: JobRecord) -> float | None:
    if job.started_at is None:
        return None
    seconds = ((job.finished_at or now()) - job.started_at).total_seconds()
    return round((job.succeeded + job.failed) / seconds, _DIGITS) if seconds > 0 else None

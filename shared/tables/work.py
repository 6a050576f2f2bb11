"""Jobs, their batches, and the rows of both: what is to be predicted and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.identifiers import new_id, now
from shared.lifecycle import BatchState, JobStatus
from shared.tables.base import NEVER_REUSED, SERIAL, Base, Id, one_of


class Job(Base):
    """One submission: a product, a catalogue, or labelled data.

    `source` says what was sent and how it is read (`shared/catalogues/source.py`), and `source_key` where it lies: a
    job that runs another's rows again shares its file. `read_share` is how much of it has been read, from 0 to 1.
    `changes` counts the rows whose category differs from that of the job which this is a `rerun_of`.
    `webhook_endpoint_id` names the endpoint that is told of this job whatever it listens to. From
    `cleared_at` on only rows that somebody has corrected are left of it, and no file; from `deleted_at` on it is gone
    for everybody but the eraser, which removes it.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[JobStatus] = mapped_column(default=JobStatus.QUEUED)
    total: Mapped[int] = mapped_column(default=0)
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    reused: Mapped[int] = mapped_column(default=0)
    intake_done: Mapped[bool] = mapped_column(default=False)
    source: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    source_key: Mapped[str | None] = mapped_column(String(100))
    read_share: Mapped[float] = mapped_column(Float, default=0.0, server_default=text("0"))
    model_versions: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    content_hash: Mapped[str | None] = mapped_column(String(64))
    webhook_endpoint_id: Mapped[str | None] = mapped_column(Id)
    rerun_of: Mapped[str | None] = mapped_column(Id)
    changes: Mapped[int | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deadline: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        one_of("status", JobStatus),
        CheckConstraint("kind IN ('product', 'catalogue', 'ingest')", name="kind_known"),
        Index("ix_jobs_owner_id_id", "owner_id", "id"),
        Index(
            "ix_jobs_open_deadline",
            "deadline",
            sqlite_where=text("status IN ('queued', 'running')"),
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index(
            "ix_jobs_deleted",
            "deleted_at",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index(
            "ix_jobs_source",
            "source_key",
            sqlite_where=text("source_key IS NOT NULL"),
            postgresql_where=text("source_key IS NOT NULL"),
        ),
        Index(
            "ix_jobs_kept",
            "finished_at",
            sqlite_where=text("cleared_at IS NULL AND deleted_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL AND deleted_at IS NULL"),
        ),
        Index(  # those of which there may be more to clear
            "ix_jobs_clearing",
            "cleared_at",
            sqlite_where=text("cleared_at IS NOT NULL AND source_key IS NOT NULL"),
            postgresql_where=text("cleared_at IS NOT NULL AND source_key IS NOT NULL"),
        ),
    )


class Batch(Base):
    """A job's unit of work: a run of rows of one kind (intake, fetch, predict) on one lane.

    `attempt` grows at every claim and never falls: it is the fence that keeps a late writer out.
    `failures` counts the tries that these rows have lost together, to an expired lease or a predictor that
    raised; a half of a batch that failed begins at 1. `photos` is how many of the rows have one.
    """

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(SERIAL, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(20))
    lane: Mapped[str] = mapped_column(String(20))
    rows: Mapped[int]
    photos: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[BatchState] = mapped_column(default=BatchState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(Id)
    position: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    queued_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        one_of("state", BatchState),
        CheckConstraint("kind IN ('intake', 'fetch', 'predict')", name="kind_known"),
        CheckConstraint("lane IN ('interactive', 'bulk', 'io')", name="lane_known"),
        # These hold open batches only, so claims are as quick in the millionth job as in the first
        # (queries must name the states with `lifecycle.in_states`).
        Index(
            "ix_batches_ready",
            "lane",
            "turn",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_batches_open",
            "lane",
            "owner_id",
            "turn",
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index(
            "ix_batches_turn",
            "lane",
            "turn",
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index(
            "ix_batches_leased",
            "lease_until",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        NEVER_REUSED,
    )


class Prediction(Base):
    """One product's row of a job: first its input, then its result.

    `prediction` is the category's code; `top`, `text_scores` and `image_scores` are `[[code, score], …]`,
    best first. A row is finished when `finished_at` is set, with either `prediction` or `error`. `image_url` is
    where its photo was, or still is, to be fetched from. `label` is the category that somebody sent with it, and
    `image_id` its sender's name of the photo, which labelled data keeps while it waits for that.
    `reuse_key` leads to it as an earlier result (`shared/ledger/reuse.py`). `corrected` says that somebody has given a
    verdict on it: so those rows leave the indexes of the review queue, however many they become.
    """

    __tablename__ = "predictions"

    id: Mapped[int] = mapped_column(SERIAL, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(Id)
    batch_id: Mapped[int | None] = mapped_column(SERIAL, ForeignKey("batches.id"), index=True)
    row: Mapped[int]
    product_id: Mapped[str | None] = mapped_column(String(200))
    designation: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(ForeignKey("images.sha256"))
    prediction: Mapped[int | None]
    confidence: Mapped[float | None] = mapped_column(Float)
    top: Mapped[list[list[float]] | None] = mapped_column(JSON)
    text_scores: Mapped[list[list[float]] | None] = mapped_column(JSON)
    image_scores: Mapped[list[list[float]] | None] = mapped_column(JSON)
    text_weight: Mapped[float | None] = mapped_column(Float)
    modality: Mapped[str | None] = mapped_column(String(20))
    needs_review: Mapped[bool | None]
    model_version: Mapped[str | None] = mapped_column(String(100))
    input_hash: Mapped[str | None] = mapped_column(String(64))
    reused_from: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # its index knows rows by NULL
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    image_url: Mapped[str | None] = mapped_column(Text)
    label: Mapped[int | None]
    image_id: Mapped[str | None] = mapped_column(String(200))
    reuse_key: Mapped[int | None] = mapped_column(BigInteger)
    corrected: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        UniqueConstraint("job_id", "row"),
        # Numbers instead of the hashes themselves, and only rows that a model has answered: an index of hashes is
        # written at a random place for every row, three times in its life, and a million rows no longer fit the cache.
        Index(
            "ix_predictions_reuse",
            "reuse_key",
            sqlite_where=text("model_version IS NOT NULL AND reused_from IS NULL"),
            postgresql_where=text("model_version IS NOT NULL AND reused_from IS NULL"),
        ),
        Index("ix_predictions_owner_id_id", "owner_id", "id"),
        Index(
            "ix_predictions_image",
            "image",
            sqlite_where=text("image IS NOT NULL"),
            postgresql_where=text("image IS NOT NULL"),
        ),
        Index(
            "ix_predictions_photos",
            "owner_id",
            "image",
            sqlite_where=text("image IS NOT NULL"),
            postgresql_where=text("image IS NOT NULL"),
        ),
        Index(
            "ix_predictions_products",
            "product_id",
            "owner_id",
            sqlite_where=text("product_id IS NOT NULL"),
            postgresql_where=text("product_id IS NOT NULL"),
        ),
        Index(
            "ix_predictions_review",
            "id",
            sqlite_where=text("needs_review = 1 AND corrected = 0"),
            postgresql_where=text("needs_review AND NOT corrected"),
        ),
        Index(
            "ix_predictions_least_sure",
            "confidence",
            "id",
            sqlite_where=text("needs_review = 1 AND corrected = 0"),
            postgresql_where=text("needs_review AND NOT corrected"),
        ),
        Index(
            "ix_predictions_errors",
            "job_id",
            "row",
            sqlite_where=text("error IS NOT NULL"),
            postgresql_where=text("error IS NOT NULL"),
        ),
        NEVER_REUSED,
    )


class Correction(Base):
    """A person's verdict on a prediction: the category it really is."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(SERIAL, Identity(), primary_key=True)
    prediction_id: Mapped[int] = mapped_column(SERIAL, ForeignKey("predictions.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(Id)
    code: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

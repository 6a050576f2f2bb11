"""Every table of the service. Queries live beside their noun: `jobs.py`, `users.py`, `ledger/`, …

Classes are used for their typed columns only: statements go through Core, and rows are plain tuples.
Dates are UTC. `products` and `predictions` keep integer keys that are never used twice.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.identifiers import new_id, now
from shared.lifecycle import BatchState, DeliveryState, JobStatus


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, also on SQLite, which keeps none of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite gets it without the offset, so that its text sorts by time."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every datetime its UTC offset back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of the tables, with the names of constraints spelled out so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        JobStatus: String(20),
        BatchState: String(20),
        DeliveryState: String(20),
    }


Id = String(36)
_NEVER_REUSED = {"sqlite_autoincrement": True}
_SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def _one_of(column: str, values: type[JobStatus | BatchState | DeliveryState]) -> CheckConstraint:
    names = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({names})", name=f"{column}_known")


class User(Base):
    """An account: a person's, or a service's with a client secret in place of a password."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    is_service: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)
    token_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (CheckConstraint("role IN ('user', 'reviewer', 'admin')", name="role_known"),)


class RefreshToken(Base):
    """One refresh token, by its hash; a family is what grew out of one sign-in."""

    __tablename__ = "refresh_tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    family: Mapped[str] = mapped_column(Id, index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Image(Base):
    """A stored photo. The file lies in the object store under the same hash."""

    __tablename__ = "images"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Product(Base):
    """One labelled product of the catalogue that training reads."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(_SERIAL, Identity(), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(200), unique=True)
    designation: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    image_id: Mapped[str | None] = mapped_column(String(200))
    image: Mapped[str | None] = mapped_column(ForeignKey("images.sha256"), index=True)
    prdtypecode: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (_NEVER_REUSED,)


class Job(Base):
    """One submission: a product, a catalogue, or labelled data."""

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
    model_versions: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    content_hash: Mapped[str | None] = mapped_column(String(64))
    webhook_url: Mapped[str | None] = mapped_column(Text)
    rerun_of: Mapped[str | None] = mapped_column(Id)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deadline: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        _one_of("status", JobStatus),
        CheckConstraint("kind IN ('product', 'catalogue', 'ingest')", name="kind_known"),
        Index("ix_jobs_owner_id_id", "owner_id", "id"),
        Index(
            "ix_jobs_open_deadline",
            "deadline",
            sqlite_where=text("status IN ('queued', 'running')"),
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )


class Batch(Base):
    """A job's unit of work: a run of rows of one kind (intake, fetch, predict) on one lane.

    `attempt` grows at every claim and never falls: it is the fence that keeps a late writer out.
    `failures` counts the tries that these rows have lost together, to an expired lease or a predictor that
    raised; a half of a batch that failed begins at 1. `photos` is how many of the rows have one.
    """

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(_SERIAL, Identity(), primary_key=True)
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
        _one_of("state", BatchState),
        CheckConstraint("kind IN ('intake', 'fetch', 'predict')", name="kind_known"),
        CheckConstraint("lane IN ('interactive', 'bulk', 'io')", name="lane_known"),
        # Both indexes hold open batches only, so claims stay as quick in the millionth job as in the first.
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
            "ix_batches_leased",
            "lease_until",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        _NEVER_REUSED,
    )


class Prediction(Base):
    """One product's row of a job: first its input, then its result.

    `prediction` is the category's code; `top`, `text_scores` and `image_scores` are `[[code, score], …]`,
    best first. A row is finished when `finished_at` is set, with either `prediction` or `error`.
    """

    __tablename__ = "predictions"

    id: Mapped[int] = mapped_column(_SERIAL, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(Id)
    batch_id: Mapped[int | None] = mapped_column(_SERIAL, ForeignKey("batches.id"), index=True)
    row: Mapped[int]
    product_id: Mapped[str | None] = mapped_column(String(200))
    designation: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(ForeignKey("images.sha256"), index=True)
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
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("job_id", "row"),
        Index("ix_predictions_reuse", "owner_id", "input_hash", "model_version"),
        Index("ix_predictions_owner_id_id", "owner_id", "id"),
        _NEVER_REUSED,
    )


class Correction(Base):
    """A person's verdict on a prediction: the category it really is."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(_SERIAL, Identity(), primary_key=True)
    prediction_id: Mapped[int] = mapped_column(_SERIAL, ForeignKey("predictions.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(Id)
    code: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class BundleRow(Base):
    """A known model release. At most one is active."""

    __tablename__ = "bundles"

    version: Mapped[str] = mapped_column(String(100), primary_key=True)
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    activated_at: Mapped[datetime | None]
    refused: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "uq_bundles_active",
            "active",
            unique=True,
            sqlite_where=text("active = 1"),
            postgresql_where=text("active"),
        ),
    )


class WorkerRow(Base):
    """A worker process that is alive, or was a moment ago."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    host: Mapped[str] = mapped_column(String(255))
    process_id: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    bundle: Mapped[str | None] = mapped_column(String(100))
    started_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    last_progress_at: Mapped[datetime | None]


class WebhookEndpoint(Base):
    """Where somebody wants to be told."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(100))
    previous_secret: Mapped[str | None] = mapped_column(String(100))
    previous_secret_until: Mapped[datetime | None]
    event_types: Mapped[list[str]] = mapped_column(JSON, default=list)
    job_kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebhookEvent(Base):
    """What happened to a job, told once however many endpoints listen."""

    __tablename__ = "webhook_events"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(50))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("job_id", "type"),)


class WebhookDelivery(Base):
    """One event on its way to one endpoint."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_events.id", ondelete="CASCADE"))
    endpoint_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), index=True)
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("event_id", "endpoint_id"), _one_of("state", DeliveryState))


class WebhookAttempt(Base):
    """One try of a delivery, and what came back."""

    __tablename__ = "webhook_attempts"

    id: Mapped[int] = mapped_column(_SERIAL, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=now)
    seconds: Mapped[float] = mapped_column(Float)
    status: Mapped[int | None]
    response: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

"""Who is told what has happened, and every try to tell them."""

from datetime import datetime

from sqlalchemy import JSON, Float, ForeignKey, Identity, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.identifiers import new_id, now
from shared.lifecycle import DeliveryState
from shared.tables.base import SERIAL, Base, Id, one_of

_PENDING = text("state = 'pending'")
_DEAD = text("state = 'dead'")
_LEASED = text("lease_until IS NOT NULL")
_KEPT = text("deleted_at IS NULL")


class WebhookEndpoint(Base):
    """Where somebody wants to be told.

    Until `previous_secret_until` two secrets sign. It fails since `failing_since`, and so many of its deliveries have
    died since then (`deaths`). One that is not `active` was paused by its owner, or disabled for the reason given.
    From `deleted_at` on it is gone for everybody but the eraser.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(100))
    previous_secret: Mapped[str | None] = mapped_column(String(100))
    previous_secret_until: Mapped[datetime | None]
    event_types: Mapped[list[str]] = mapped_column(JSON, default=list)
    job_kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None]
    deaths: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_webhook_endpoints_owner_url",
            "owner_id",
            "url",
            unique=True,
            sqlite_where=_KEPT,
            postgresql_where=_KEPT,
        ),
        Index("ix_webhook_endpoints_owner_id_id", "owner_id", "id"),
    )


class WebhookEvent(Base):
    """What happened to a job, told once however many endpoints listen. Its `body` is empty until it is first told."""

    __tablename__ = "webhook_events"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(50))
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        UniqueConstraint("job_id", "type"),
        Index("ix_webhook_events_created_at", "created_at"),
    )


class WebhookDelivery(Base):
    """One event on its way to one endpoint.

    `attempts` only grows: it is the fence that keeps a late writer out. `spared` of them do not count as tries: those
    that were given back, and those before it was asked for again.
    """

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_events.id", ondelete="CASCADE"))
    endpoint_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    spared: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_attempt_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        one_of("state", DeliveryState),
        Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_due",
            "endpoint_id",
            "next_attempt_at",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index("ix_webhook_deliveries_dead", "endpoint_id", "id", sqlite_where=_DEAD, postgresql_where=_DEAD),
        Index("ix_webhook_deliveries_died", "finished_at", sqlite_where=_DEAD, postgresql_where=_DEAD),
        Index("ix_webhook_deliveries_leased", "endpoint_id", sqlite_where=_LEASED, postgresql_where=_LEASED),
    )


class WebhookAttempt(Base):
    """One try of a delivery, and what came back."""

    __tablename__ = "webhook_attempts"

    id: Mapped[int] = mapped_column(SERIAL, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime] = mapped_column(default=now, index=True)
    seconds: Mapped[float] = mapped_column(Float)
    status: Mapped[int | None]
    response: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

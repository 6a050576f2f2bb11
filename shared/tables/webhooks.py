"""Who is told what has happened, and every try to tell them."""

from datetime import datetime

from sqlalchemy import JSON, Float, ForeignKey, Identity, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.identifiers import new_id, now
from shared.lifecycle import DeliveryState
from shared.tables.base import SERIAL, Base, Id, one_of


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

    __table_args__ = (UniqueConstraint("event_id", "endpoint_id"), one_of("state", DeliveryState))


class WebhookAttempt(Base):
    """One try of a delivery, and what came back."""

    __tablename__ = "webhook_attempts"

    id: Mapped[int] = mapped_column(SERIAL, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=now)
    seconds: Mapped[float] = mapped_column(Float)
    status: Mapped[int | None]
    response: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

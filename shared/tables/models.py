"""Model releases, and the workers that answer with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.identifiers import now
from shared.tables.base import Base, Id


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

"""What workers have counted of their work."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from shared.tables.base import Base, Id


class WorkCount(Base):
    """What one worker has done in one period, of a minute or an hour, on one lane with one bundle.

    Each row is written by its own worker only. The JSON columns count by bin, by category, or by name
    (`shared/statistics/counts.py`).
    """

    __tablename__ = "work_counts"

    # In this order, so that the periods of a length since some time lie side by side.
    seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    worker_id: Mapped[str] = mapped_column(Id, primary_key=True)
    model_version: Mapped[str] = mapped_column(String(100), primary_key=True)
    lane: Mapped[str] = mapped_column(String(20), primary_key=True)
    answered: Mapped[int] = mapped_column(BigInteger)
    reused: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    calls: Mapped[int] = mapped_column(BigInteger)
    called_rows: Mapped[int] = mapped_column(BigInteger)
    called_seconds: Mapped[float] = mapped_column(Float)
    latency: Mapped[dict[str, int]] = mapped_column(JSON)
    jobs: Mapped[dict[str, int]] = mapped_column(JSON)
    codes: Mapped[dict[str, int]] = mapped_column(JSON)
    modalities: Mapped[dict[str, int]] = mapped_column(JSON)
    confidence: Mapped[dict[str, int]] = mapped_column(JSON)
    unknown: Mapped[dict[str, int]] = mapped_column(JSON)

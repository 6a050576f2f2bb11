"""What every table stands on: UTC dates, names of constraints, and the kinds of ids."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Integer, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

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
NEVER_REUSED = {"sqlite_autoincrement": True}
SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def one_of(column: str, values: type[JobStatus | BatchState | DeliveryState]) -> CheckConstraint:
    """The constraint that a column holds one of these states."""
    names = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({names})", name=f"{column}_known")

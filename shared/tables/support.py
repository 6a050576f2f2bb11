"""What the migrations say of the code that may run on their schema."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from shared.tables.base import Base


class SchemaSupport(Base):
    """The oldest code, by the revision that it expects, that still works on a schema of this revision."""

    __tablename__ = "schema_support"

    revision: Mapped[str] = mapped_column(String(32), primary_key=True)
    oldest_code: Mapped[str] = mapped_column(String(32))

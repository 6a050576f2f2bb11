"""What a person said about a prediction."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from shared.corrections import CorrectionRecord


class CorrectionAnswer(BaseModel):
    """The category that a product really is, says somebody."""

    code: int
    name: str
    by: str | None = Field(description="Whose verdict it is, by name; null once that account has gone.")
    created_at: datetime

    @classmethod
    def of(cls, correction: CorrectionRecord) -> Self:
        """The answer for a correction."""
        return cls(code=correction.code, name=correction.name, by=correction.by, created_at=correction.created_at)

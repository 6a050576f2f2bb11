"""A row error: which row of a job has no prediction, and why."""

from typing import Self

from pydantic import BaseModel, Field

from shared.results import FailedRow


class RowErrorAnswer(BaseModel):
    """What is wrong with a row; `code` is stable."""

    row: int = Field(description="The row, counted from 0 as a prediction's is.")
    product_id: str | None
    column: str | None = Field(description="The file's own name of the column at fault, if it is one.")
    code: str
    message: str

    @classmethod
    def of(cls, failed: FailedRow) -> Self:
        """The answer for a row."""
        error = failed.error
        return cls(
            row=failed.row,
            product_id=failed.product_id,
            column=error.get("column"),
            code=error["code"],
            message=error["message"],
        )

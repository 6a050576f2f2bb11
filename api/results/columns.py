"""Our columns: what they hold, and what they are called beside the columns of a file."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, TypeAlias

PREFIX = "shelfwise_"
Type: TypeAlias = Literal["string", "int32", "int64", "double", "bool"]  # as Arrow names them


class Column(NamedTuple):
    """One of our columns."""

    name: str
    type: Type


RESULT_COLUMNS: Sequence[Column] = (
    Column("prediction", "int32"),
    Column("prediction_name", "string"),
    Column("confidence", "double"),
    Column("needs_review", "bool"),
    Column("text_prediction", "int32"),
    Column("text_confidence", "double"),
    Column("image_prediction", "int32"),
    Column("image_confidence", "double"),
    Column("modality", "string"),
    Column("model_version", "string"),
    Column("reused", "bool"),
    Column("status", "string"),
    Column("error_code", "string"),
    Column("error_column", "string"),
    Column("error_message", "string"),
)
ERROR_COLUMNS: Sequence[Column] = (
    Column("error_row", "int64"),
    Column("error_column", "string"),
    Column("error_code", "string"),
    Column("error_message", "string"),
)


def names_beside(header: Collection[str], columns: Sequence[Column]) -> list[str]:
    """What our columns are called in a file that has these of its own: one whose name is taken gets a prefix."""
    taken = {*header, *(column.name for column in columns)}
    return [_free(column.name, header, taken) for column in columns]


def _free(name: str, header: Collection[str], taken: Collection[str]) -> str:
    if name not in header:
        return name
    while name in taken:
        name = PREFIX + name
    return name

"""What was sent as a catalogue, and how it is read: what `jobs.source` holds."""

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Format(StrEnum):
    """A kind of file. A ZIP holds a table of one of the other kinds, and photos."""

    CSV = "csv"
    TSV = "tsv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    XLSX = "xlsx"
    ZIP = "zip"


# Names of our columns, in the order in which they are shown.
PRODUCT_ID, IMAGE_ID, DESIGNATION, DESCRIPTION, IMAGE, LABEL = COLUMNS = (
    "product_id",
    "image_id",
    "designation",
    "description",
    "image",
    "prdtypecode",
)


_CONVERTED = ".csv"
_UNPACKED = ".parquet"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Layout(_Part):
    """How a source is read.

    `format` is the table's own (of the one inside a ZIP, whose name there is `entry`). `header` names the file's
    columns in their order, each name once; of NDJSON, the keys that have occurred so far. `columns` says under which of
    those names each of ours is found. `types` are Arrow's names of the types that a Parquet file's plain columns
    have. `converted` is the key of the table as it is read, where that is not what was sent: of the CSV in UTF-8 into
    which a workbook was turned, or of a Parquet file that lay in a ZIP.
    """

    format: Format
    gzip: bool = False
    entry: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] = ()
    columns: dict[str, str] = {}
    types: dict[str, str] = {}
    converted: str | None = None


class Source(_Part):
    """A file that was sent, as its sender described it; `layout` is None until it has been looked into.

    `size` is in bytes, as stored. `columns` maps ours to the file's names. `encoding` and `delimiter` are the sender's
    word, None where they are to be found out. A job that only runs some rows again names in `failed_of` the job whose
    failed rows those are, or in `rows_of` the one that has the same rows.
    """

    key: str
    size: int
    sha256: str
    format: Format
    filename: str | None = None
    columns: dict[str, str] = {}
    encoding: str | None = None
    delimiter: str | None = None
    failed_of: str | None = None
    rows_of: str | None = None
    layout: Layout | None = None

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> Self | None:
        """What a job's row holds; None for a job that has no file."""
        return None if stored is None else cls.model_validate(stored)

    @property
    def is_partial(self) -> bool:
        """Whether the job has some of the file's rows only (`shared/ledger/intake.py`: `wanted_rows`)."""
        return self.failed_of is not None or self.rows_of is not None

    def stored(self) -> dict[str, Any]:
        """As a job's row holds it."""
        return self.model_dump(mode="json")


def source_key(upload_id: str) -> str:
    """Where an upload lies in the object store."""
    return f"catalogues/{upload_id}"


def converted_key(key: str) -> str:
    """Where the CSV lies into which the workbook under `key` was turned."""
    return f"{key}{_CONVERTED}"


def unpacked_key(key: str) -> str:
    """Where the Parquet file lies that was in the ZIP under `key`."""
    return f"{key}{_UNPACKED}"


def keys_of(key: str) -> tuple[str, ...]:
    """The key of a source and of all that may lie beside it."""
    return key, converted_key(key), unpacked_key(key)


def source_of(key: str) -> str:
    """The key of the source beside which an object lies, or which it is."""
    return key.removesuffix(_CONVERTED).removesuffix(_UNPACKED)

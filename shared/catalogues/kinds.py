"""Kinds of files by what they are called: endings of names, and media types."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from shared.catalogues.source import Format

ENDINGS: Final[Mapping[str, Format]] = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".txt": Format.CSV,  # whatever its delimiter is
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".xlsx": Format.XLSX,
    ".zip": Format.ZIP,
}
MEDIA_TYPES: Final[Mapping[str, Format]] = {  # of each format, its own comes first
    "text/csv": Format.CSV,
    "text/tab-separated-values": Format.TSV,
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "application/x-jsonlines": Format.NDJSON,
    "application/vnd.apache.parquet": Format.PARQUET,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Format.XLSX,
    "application/zip": Format.ZIP,
    "application/x-zip-compressed": Format.ZIP,
}
TABLE_ENDINGS: Final = tuple(ending for ending, form in ENDINGS.items() if form is not Format.ZIP)
_OF_ANY_TEXT: Final = ".txt"  # which is a table only where nothing else is one
_COMPRESSED: Final = ".gz"


def format_by_name(name: str) -> Format | None:
    """The format of a file of this name, perhaps compressed; None if the name does not say."""
    return ENDINGS.get(PurePosixPath(name.lower().removesuffix(_COMPRESSED)).suffix)


def media_type_of(form: Format) -> str:
    """What a file of this format is sent as."""
    return next(media_type for media_type, each in MEDIA_TYPES.items() if each is form)


def tables_among(names: Iterable[str]) -> Sequence[str]:
    """Those of the names beside photos that are a table's. A licence or a manual is none as long as there is one."""
    found = [(name, ending) for name in names if (ending := PurePosixPath(name.lower()).suffix) in TABLE_ENDINGS]
    sure = [name for name, ending in found if ending != _OF_ANY_TEXT]
    return sure or [name for name, _ in found]

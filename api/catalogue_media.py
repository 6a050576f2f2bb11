"""Which kind of file a body is: by the sender's word, by its name, by its media type."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from shared.catalogues.source import Format
from shared.errors import UnsupportedMedia

GZIP = "application/gzip"  # of a text, whose kind `format` says
MEDIA_TYPES: Mapping[str, Format] = {
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
TEXTS = (Format.CSV, Format.TSV, Format.NDJSON)  # which may be compressed
_ENDINGS: Mapping[str, Format] = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".xlsx": Format.XLSX,
    ".zip": Format.ZIP,
}
_GZIP_TYPES = (GZIP, "application/x-gzip")
_CODINGS = ("", "identity", "gzip", "x-gzip")
_HEADER = "header.content-type"


def is_catalogue(media_type: str) -> bool:
    """Whether a body of this type is a catalogue file, and nothing else."""
    return media_type in MEDIA_TYPES or media_type in _GZIP_TYPES


def format_of_body(media_type: str, coding: str | None, wanted: Format | None) -> Format:
    """The format of a body that is a file. Raises UnsupportedMedia."""
    if not is_catalogue(media_type):
        known = ", ".join((*MEDIA_TYPES, GZIP))
        raise UnsupportedMedia(f"Send a catalogue as one of {known}, or in a form.", where=_HEADER)
    found = wanted or MEDIA_TYPES.get(media_type)
    if found is None:
        raise UnsupportedMedia("Say with ?format= what is compressed there.", where=_HEADER)
    _check_coding(found, coding, compressed=media_type in _GZIP_TYPES)
    return found


def format_of_file(name: str | None, media_type: str, wanted: Format | None) -> Format:
    """The format of a file in a form. Raises UnsupportedMedia."""
    found = wanted or _by_name(name) or MEDIA_TYPES.get(media_type)
    if found is None:
        raise UnsupportedMedia(
            f"Say with ?format= what the file is: its name ends with none of {', '.join(_ENDINGS)}.", where=_HEADER
        )
    return found


def _by_name(name: str | None) -> Format | None:
    path = PurePosixPath((name or "").lower())
    ending = PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix
    return _ENDINGS.get(ending)


def _check_coding(found: Format, coding: str | None, *, compressed: bool) -> None:
    """Refuse what nobody would decode. Compressed texts are stored as they came, and told by their first bytes."""
    said = (coding or "").strip().lower()
    if said not in _CODINGS:
        raise UnsupportedMedia("The only Content-Encoding is gzip.", where="header.content-encoding")
    if (compressed or said.endswith("gzip")) and found not in TEXTS:
        raise UnsupportedMedia(f"Only {', '.join(TEXTS)} may be compressed.", where=_HEADER)

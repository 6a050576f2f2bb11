"""What a file's first bytes say it is, whatever it was said to be."""

from collections.abc import Mapping
from typing import Final

from shared.catalogues.packing import GZIP
from shared.catalogues.source import Format
from shared.errors import UnreadableCatalogue

ZIP_BEGINNINGS: Final = (b"PK\x03\x04", b"PK\x05\x06")
PARQUET_MARK: Final = b"PAR1"
_KINDS: Final[Mapping[bytes, str]] = {
    **dict.fromkeys(ZIP_BEGINNINGS, "a ZIP archive or an XLSX workbook"),
    PARQUET_MARK: "a Parquet file",
    GZIP: "a gzip file",
    b"\xd0\xcf\x11\xe0": "an encrypted workbook, or one of before 2007",
    b"%PDF-": "a PDF",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
}
_TEXTS: Final = (Format.CSV, Format.TSV, Format.NDJSON)


def is_text(form: Format) -> bool:
    """Whether files of this format are lines of text."""
    return form in _TEXTS


def require_format(head: bytes, form: Format) -> None:
    """Raise UnreadableCatalogue for a file that begins like one of another format."""
    kind = next((kind for mark, kind in _KINDS.items() if head.startswith(mark)), None)
    if is_text(form):
        is_right = kind is None
    else:
        is_right = head.startswith(PARQUET_MARK if form is Format.PARQUET else ZIP_BEGINNINGS)
    if not is_right:
        raise UnreadableCatalogue(
            f"The file was sent as {form.upper()} and is {kind or 'none'}.",
            code="WRONG_FORMAT" if head else "EMPTY_CATALOGUE",
        )

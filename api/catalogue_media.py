"""Which kind of file a body is: by the sender's word, by its name, by its media type."""

from shared.catalogues.formats import is_text
from shared.catalogues.kinds import ENDINGS, MEDIA_TYPES, format_by_name
from shared.catalogues.source import Format
from shared.errors import UnsupportedMedia

GZIP = "application/gzip"  # of a text, whose kind `format` says
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
    found = wanted or format_by_name(name or "") or MEDIA_TYPES.get(media_type)
    if found is None:
        raise UnsupportedMedia(
            f"Say with ?format= what the file is: its name ends with none of {', '.join(ENDINGS)}.", where=_HEADER
        )
    return found


def _check_coding(found: Format, coding: str | None, *, compressed: bool) -> None:
    """Refuse what nobody would decode. Compressed texts are stored as they came, and told by their first bytes."""
    said = (coding or "").strip().lower()
    if said not in _CODINGS:
        raise UnsupportedMedia("The only Content-Encoding is gzip.", where="header.content-encoding")
    if (compressed or said.endswith("gzip")) and not is_text(found):
        raise UnsupportedMedia(
            f"Only {', '.join(each for each in Format if is_text(each))} may be compressed.", where=_HEADER
        )

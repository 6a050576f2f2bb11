"""In which encoding a text is, and the text in UTF-8, whatever it was.

A byte that means nothing becomes one that means nothing in UTF-8 either, so that whoever reads on finds it there.
"""

import codecs
import re

from shared.catalogues.streams import CHUNK, Stream
from shared.errors import UnreadableCatalogue

UTF_8 = "utf-8"
WINDOWS = "windows-1252"
_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MULTI_BYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ASCII = bytes(range(128))
_PATTERN = 4_096  # bytes in which the zeros of UTF-16 are looked for
_AS_UTF_8 = frozenset({"utf-8", "utf-8-sig", "ascii"})
_NEVER = frozenset({"idna", "punycode", "unicode-escape", "unicode_escape", "raw-unicode-escape", "undefined", "utf-7"})
_NOTHING = "\udcff"  # becomes 0xFF, which is nowhere in UTF-8
_DAMAGED = "shelfwise.damaged"


def encoding_of(sample: bytes, *, is_whole: bool) -> str:
    """The encoding of a text that begins so; `is_whole` says that there is no more of it."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if wide := _wide(sample[:_PATTERN]):
        return wide
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(sample, final=is_whole)
    except UnicodeDecodeError:
        rest, good = _MULTI_BYTE.subn(b"", sample)
        bad = len(rest.translate(None, _ASCII))
        # In Windows-1252, bytes that make a character of UTF-8 are words like `Ã©`: who has as many of them as of
        # others has written UTF-8, and something has damaged it.
        return UTF_8 if good >= bad else WINDOWS
    return UTF_8


def known_encoding(name: str) -> str:
    """An encoding by the name that Python has for it. Raises UnreadableCatalogue."""
    try:
        bytes(4).decode(name, "replace")  # refuses what are no encodings of text, like zip
        plain = codecs.lookup(name).name
    except (LookupError, ValueError):
        plain = "undefined"
    if plain in _NEVER:
        raise UnreadableCatalogue("The encoding that was named is not known.", code="UNKNOWN_ENCODING")
    return UTF_8 if plain in _AS_UTF_8 else plain


def in_utf_8(text: Stream, encoding: str) -> Stream:
    """The text in UTF-8, from its beginning on."""
    return text if encoding == UTF_8 else _Transcoded(text, encoding)


class _Transcoded:
    def __init__(self, text: Stream, encoding: str) -> None:
        codecs.register_error(_DAMAGED, _nothing)
        self._text = text
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_DAMAGED)
        self._ready = b""
        self._has_ended = False

    def read(self, size: int, /) -> bytes:
        while not self._ready and not self._has_ended:
            raw = self._text.read(CHUNK)
            self._has_ended = not raw
            self._ready = self._decoder.decode(raw, final=not raw).encode(UTF_8, "surrogateescape")
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece


def _nothing(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _NOTHING, error.end


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: in what Europeans write, every other byte is zero."""
    pairs = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if pairs and max(even, odd) > 0.3 * pairs and min(even, odd) < 0.02 * pairs:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None

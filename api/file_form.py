"""Forms whose one part is a large file, which goes on as it comes: Starlette's parser would spool it to the disk."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers

from api.body_limit import SMALL_BODY
from api.media import media_type
from shared.errors import InvalidInput

FILE = "file"
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Part:
    """What the headers of a part say."""

    name: str
    filename: str | None
    media_type: str


class FileForm:
    """The form in the pieces of a body, read as far as is asked for.

    Its first part decides: either it is the file, whose bytes `content` gives, or this is a form of another kind,
    which somebody else reads `from_the_start`.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], headers: Headers) -> None:
        """Raises InvalidInput for a form without a boundary."""
        self._pieces = pieces
        self._parts = _Parts(headers.get("content-type", ""))
        self._kept: list[bytes] = []

    async def first(self) -> Part | None:
        """The first part, as soon as its headers are read; None for a form without parts. Raises InvalidInput."""
        size = 0
        while self._parts.first is None and (piece := await anext(self._pieces, None)) is not None:
            self._kept.append(piece)
            self._parts.feed(piece)
            size += len(piece)
            if self._parts.first is None and size > SMALL_BODY:
                raise _unreadable()
        if self._parts.first is None and not self._parts.ended:
            raise _unreadable()
        return self._parts.first

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the file. Raises InvalidInput for what is no form to its end, and for other parts in it."""
        self._kept.clear()
        while True:
            for part in self._parts.taken():
                yield part
            piece = await anext(self._pieces, None)
            if piece is None:
                break
            self._parts.feed(piece)
        if not self._parts.ended:
            raise _unreadable()

    async def from_the_start(self) -> AsyncGenerator[bytes, None]:
        """All pieces of the body, those that were read already too."""
        for piece in self._kept:
            yield piece
        async for piece in self._pieces:
            yield piece


class _Parts:
    """What a parser finds: the first part's headers, and its bytes if it is the file."""

    def __init__(self, content_type: str) -> None:
        self.first: Part | None = None
        self.ended = False
        self._content: list[bytes] = []
        self._headers: list[tuple[bytes, bytes]] = []
        self._name = self._value = b""
        _, parameters = parse_options_header(content_type)
        boundary = parameters.get(b"boundary")
        if not boundary:
            raise _unreadable()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise _unreadable() from None

    def feed(self, piece: bytes) -> None:
        """Read on. Raises InvalidInput, but leaves what is wrong in forms of another kind to their own reader."""
        try:
            self._parser.write(piece)
        except FormParserError:
            if self.first is None or self._is_ours:
                raise _unreadable() from None

    def taken(self) -> list[bytes]:
        """What has come of the file since the last call."""
        content, self._content = self._content, []
        return content

    @property
    def _is_ours(self) -> bool:
        return self.first is not None and self.first.name == FILE

    def _part_begins(self) -> None:
        self._headers.clear()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers.append((self._name.lower(), self._value))
        self._name = self._value = b""

    def _headers_end(self) -> None:
        part = _part(dict(self._headers))
        if self.first is None:
            self.first = part
        elif self._is_ours and part.name == FILE:
            raise InvalidInput("A form has one file.", where=f"body.{FILE}", code="DUPLICATE_FIELD")
        elif self._is_ours:
            raise InvalidInput(f"There is an unknown field; the only one is {FILE}.", code="UNKNOWN_FIELD")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_ours:
            self._content.append(data[start:end])

    def _end(self) -> None:
        self.ended = True


def _part(headers: dict[bytes, bytes]) -> Part:
    _, said = parse_options_header(headers.get(b"content-disposition", b""))
    if b"name" not in said:
        raise _unreadable()
    filename = said.get(b"filename")
    return Part(
        name=said[b"name"].decode(errors="replace"),
        filename=None if filename is None else _shown(filename.decode(errors="replace")),
        media_type=media_type(headers.get(b"content-type", b"").decode("latin-1")),
    )


def _shown(filename: str) -> str | None:
    """A file's name as it may be shown. Nothing is ever stored under it."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable()).strip()[:_LONGEST_NAME] or None


def _unreadable() -> InvalidInput:
    return InvalidInput("The form cannot be read, or has too many or too long parts.", code="INVALID_FORM")

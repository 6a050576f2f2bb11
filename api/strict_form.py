"""Forms with files, read strictly: text that is not UTF-8 and forms that break off are refused, and not guessed at."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from api.large_bodies import LargeBodies
from shared.errors import InvalidInput, StorageFull


class _StrictParser(MultiPartParser):
    """Starlette's parser, without its way of reading text: in a charset that the caller names, or else as Latin-1.

    It also minds the last boundary: without it, the part that broke off would just be missing.
    """

    _ended = False

    async def parse(self) -> FormData:
        """The whole form. Raises MultiPartException."""
        form = await super().parse()
        if not self._ended:
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException("The form breaks off.")
        return form

    def on_end(self) -> None:
        """Note that the last boundary has come."""
        self._ended = True

    def on_part_end(self) -> None:
        """Note a field, after a look at its bytes."""
        part = self._current_part
        if part.file is not None:
            super().on_part_end()
            return
        try:
            self.items.append((part.field_name, part.data.decode("utf-8")))
        except UnicodeDecodeError:
            raise _NotUtf8("A field of the form is not UTF-8.") from None


class _NotUtf8(MultiPartException):
    """A field's bytes are no text."""


@asynccontextmanager
async def strict_form(
    request: Request, bodies: LargeBodies, *, max_files: int, max_fields: int, longest: int
) -> AsyncIterator[FormData]:
    """The form in a multipart body; its files can be read within the block. Raises InvalidInput and StorageFull.

    `longest` is how many bytes a text may have. Files past 1 MiB are spooled to the folder for temporary files.
    """
    async with (
        bodies.pieces_of(request) as pieces,
        form_in(pieces, request.headers, max_files=max_files, max_fields=max_fields, longest=longest) as form,
    ):
        yield form


@asynccontextmanager
async def form_in(
    pieces: AsyncGenerator[bytes, None], headers: Headers, *, max_files: int, max_fields: int, longest: int
) -> AsyncIterator[FormData]:
    """The same from the pieces of a body with these headers."""
    form = await _parsed(
        _StrictParser(headers, pieces, max_files=max_files, max_fields=max_fields, max_part_size=longest)
    )
    try:
        yield form
    finally:
        await form.close()


async def _parsed(parser: _StrictParser) -> FormData:
    """The form; where there is none, whatever the reason, its files are closed."""
    try:
        return await parser.parse()
    except _NotUtf8 as error:
        raise InvalidInput(error.message, code="INVALID_TEXT") from None
    except MultiPartException:
        raise InvalidInput("The form cannot be read, or has too many or too long parts.", code="INVALID_FORM") from None
    except OSError as error:  # the files': a caller who leaves is none
        raise StorageFull("The service has no disk space for this file.") from error

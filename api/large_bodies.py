"""Large bodies, a few at a time: JSON is in memory, several times over while it is parsed, and files on the disk."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import NamedTuple

import anyio
from fastapi import Request
from starlette.exceptions import HTTPException

from api.body_limit import SMALL_BODY
from shared.disk import DiskGuard


class Turns(NamedTuple):
    """How many bodies are read at once, and how long one may take: else a few slow callers would hold up everybody."""

    at_once: int
    seconds: float  # once its turn has come


TEXTS = Turns(8, 60)  # of 16 MiB each, with their text and the photo in it: some 600 MiB while all are parsed
FORMS = Turns(32, 600)  # of 200 MB each on the disk


class LargeBodies:
    """Turns for reading bodies past 64 KiB. Whoever waits for one is not read any further."""

    def __init__(self, disk: DiskGuard, texts: Turns = TEXTS, forms: Turns = FORMS) -> None:
        self._disk = disk
        self._texts = anyio.CapacityLimiter(texts.at_once)
        self._text_seconds = texts.seconds
        self._forms = anyio.CapacityLimiter(forms.at_once)
        self._form_seconds = forms.seconds

    @asynccontextmanager
    async def body_of(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body. A turn that it took is over with the block: nothing of the body should be held after it.

        `request.body()` would keep it as long as the request lasts, which may wait for its job. Answers 408 to a
        body that does not come to its end.
        """
        pieces, size = list[bytes](), 0
        stream = request.stream()
        async for piece in stream:
            pieces.append(piece)
            size += len(piece)
            if size > SMALL_BODY:
                break
        else:
            yield b"".join(pieces)
            return
        async with self._texts:
            with anyio.move_on_after(self._text_seconds) as limit:
                pieces.extend([piece async for piece in stream])
            if limit.cancelled_caught:
                raise HTTPException(408)
            body = b"".join(pieces)
            pieces.clear()
            yield body

    @asynccontextmanager
    async def pieces_of(self, request: Request) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The body piece by piece, for files. A turn that it took is over with the block, and so should the files be.

        Answers 408 to a body that does not come to its end. Raises StorageFull when the disk is filling up.
        """
        async with AsyncExitStack() as turn, aclosing(self._pieces(request, turn)) as pieces:
            yield pieces

    async def _pieces(self, request: Request, turn: AsyncExitStack) -> AsyncGenerator[bytes, None]:
        stream, size = request.stream(), 0
        end = anyio.current_time() + self._form_seconds
        while True:
            piece = None
            with anyio.CancelScope(deadline=end) as limit:
                piece = await anext(stream, None)
            if limit.cancelled_caught:
                raise HTTPException(408)
            if piece is None:
                return
            has_turn = size > SMALL_BODY
            size += len(piece)
            if size > SMALL_BODY:
                if not has_turn:
                    await turn.enter_async_context(self._forms)
                    end = anyio.current_time() + self._form_seconds
                self._disk.book(len(piece))
            yield piece

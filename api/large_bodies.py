"""Large bodies, a few at a time: JSON is in memory, several times over while it is parsed, and files on the disk."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
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
FILES = Turns(32, 3600)  # of 2 GiB each, which takes its time; 2 MiB of each in memory


class _Line:
    """Those who wait for a turn of one kind, and those who have one."""

    def __init__(self, turns: Turns) -> None:
        self.places = anyio.CapacityLimiter(turns.at_once)
        self.seconds = turns.seconds


class LargeBodies:
    """Turns for reading bodies past 64 KiB. Whoever waits for one is not read any further."""

    def __init__(self, disk: DiskGuard, texts: Turns = TEXTS, forms: Turns = FORMS, files: Turns = FILES) -> None:
        self._disk = disk
        self._texts = _Line(texts)
        self._forms = _Line(forms)
        self._files = _Line(files)

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
        async with self._texts.places:
            with anyio.move_on_after(self._texts.seconds) as limit:
                pieces.extend([piece async for piece in stream])
            if limit.cancelled_caught:
                raise HTTPException(408)
            body = b"".join(pieces)
            pieces.clear()
            yield body

    def pieces_of(self, request: Request) -> AbstractAsyncContextManager[AsyncGenerator[bytes, None]]:
        """The body piece by piece, a form with a photo in it.

        A turn that it took is over with the block, and so should its files be. Answers 408 to a body that does not
        come to its end. Raises StorageFull when the disk is filling up.
        """
        return self._in_turn(request, self._forms)

    def file_of(self, request: Request) -> AbstractAsyncContextManager[AsyncGenerator[bytes, None]]:
        """The same of a body that is a whole catalogue, or has one in it, and may take longer."""
        return self._in_turn(request, self._files)

    @asynccontextmanager
    async def _in_turn(self, request: Request, line: _Line) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        async with AsyncExitStack() as turn, aclosing(self._pieces(request, turn, line)) as pieces:
            yield pieces

    async def _pieces(self, request: Request, turn: AsyncExitStack, line: _Line) -> AsyncGenerator[bytes, None]:
        stream, size = request.stream(), 0
        end = anyio.current_time() + line.seconds
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
                    await turn.enter_async_context(line.places)
                    end = anyio.current_time() + line.seconds
                self._disk.book(len(piece))
            yield piece

"""Large bodies, a few at a time: JSON is in memory, several times over while it is parsed, and files on the disk."""

import math
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from typing import NamedTuple

import anyio
from fastapi import Request
from starlette.exceptions import HTTPException

from api.body_limit import SMALL_BODY
from api.waiting import Places
from shared.disk import DiskGuard
from shared.errors import TooManyRequests


class Turns(NamedTuple):
    """How many bodies are read at once, and how long one may take: else a few slow callers would hold up everybody."""

    at_once: int
    seconds: float  # once its turn has come


TEXTS = Turns(8, 60)  # of 16 MiB each, with their text and the photo in it: some 600 MiB while all are parsed
FORMS = Turns(32, 600)  # of 200 MB each on the disk
FILES = Turns(32, 3600)  # of 2 GiB each, which takes its time; of each, a part is in memory: of S3's parts, 8 MiB
FILES_OF_ONE = 8  # of one account, that are read or wait for a turn
FILES_IN_LINE = 256  # of all, which hold a connection and 64 KiB each while they wait
RETRY_SECONDS = 30


class Patience(NamedTuple):
    """How long is waited for one that has a turn, and how long a file waits for its own."""

    for_piece: float = 60
    for_turn: float = 60


PATIENCE = Patience()


class _Line:
    """Those who wait for a turn of one kind, and those who have one."""

    def __init__(self, turns: Turns, for_turn: float = math.inf) -> None:
        self.places = anyio.CapacityLimiter(turns.at_once)
        self.seconds = turns.seconds
        self.for_turn = for_turn


class LargeBodies:
    """Turns for reading bodies past 64 KiB. Whoever waits for one is not read any further."""

    def __init__(
        self,
        disk: DiskGuard,
        texts: Turns = TEXTS,
        forms: Turns = FORMS,
        files: Turns = FILES,
        patience: Patience = PATIENCE,
    ) -> None:
        self._disk = disk
        self._texts = _Line(texts)
        self._forms = _Line(forms)
        self._files = _Line(files, patience.for_turn)
        self._in_line = Places(FILES_IN_LINE, FILES_OF_ONE)
        self._for_piece = patience.for_piece

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

        A turn that it took is over with the block, and so should its files be. Answers 408 to a body that stops, or
        does not come to its end. Raises StorageFull when the disk is filling up.
        """
        return self._in_turn(request, self._forms, None)

    def file_of(self, request: Request, account_id: str) -> AbstractAsyncContextManager[AsyncGenerator[bytes, None]]:
        """The same of a body that is a whole catalogue, or has one in it, and may take longer.

        Raises TooManyRequests for an account that sends too many, and when no turn comes.
        """
        return self._in_turn(request, self._files, account_id)

    @asynccontextmanager
    async def _in_turn(
        self, request: Request, line: _Line, account_id: str | None
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        async with AsyncExitStack() as turn, aclosing(self._pieces(request, turn, line, account_id)) as pieces:
            yield pieces

    async def _pieces(
        self, request: Request, turn: AsyncExitStack, line: _Line, account_id: str | None
    ) -> AsyncGenerator[bytes, None]:
        stream, size = request.stream(), 0
        end = anyio.current_time() + line.seconds
        while True:
            piece = None
            with anyio.CancelScope(deadline=min(end, anyio.current_time() + self._for_piece)) as limit:
                piece = await anext(stream, None)
            if limit.cancelled_caught:
                raise HTTPException(408)
            if piece is None:
                return
            has_turn = size > SMALL_BODY
            size += len(piece)
            if size > SMALL_BODY:
                if not has_turn:
                    await self._take(turn, line, account_id)
                    end = anyio.current_time() + line.seconds
                self._disk.book(len(piece))
            yield piece

    async def _take(self, turn: AsyncExitStack, line: _Line, account_id: str | None) -> None:
        """Wait for a turn. Raises TooManyRequests."""
        if account_id is not None and not turn.enter_context(self._in_line.taken(account_id)):
            raise _too_many()
        with anyio.move_on_after(line.for_turn) as limit:
            await turn.enter_async_context(line.places)
        if limit.cancelled_caught:
            raise _too_many()


def _too_many() -> TooManyRequests:
    return TooManyRequests("Too many files are being sent.", retry_after=RETRY_SECONDS, code="TOO_MANY_UPLOADS")

"""Large JSON bodies, a few at a time: each is held in memory, several times over while it is parsed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import Request
from starlette.exceptions import HTTPException

from api.body_limit import SMALL_BODY

AT_ONCE = 8  # of 16 MiB each, with their text and the photo in it: some 600 MiB while all are parsed
SECONDS = 60  # for a body once its turn has come; else a few slow callers would hold up everybody


class LargeBodies:
    """Turns for reading bodies past 64 KiB. Whoever waits for one is not read any further."""

    def __init__(self, at_once: int = AT_ONCE, seconds: float = SECONDS) -> None:
        self._turns = anyio.CapacityLimiter(at_once)
        self._seconds = seconds

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
        async with self._turns:
            with anyio.move_on_after(self._seconds) as limit:
                pieces.extend([piece async for piece in stream])
            if limit.cancelled_caught:
                raise HTTPException(408)
            body = b"".join(pieces)
            pieces.clear()
            yield body

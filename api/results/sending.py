"""Files that are sent while they are made: a few at a time, in threads of their own, at the pace of who reads them."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.waiting import Places
from shared.errors import TooManyRequests
from shared.logs import get_logger

FILES, FILES_OF_ONE = 16, 4  # that one process sends at once, in all and to one account
THREADS = 4  # who waits for a slow reader needs none
PIECE = 64 * 1024
# Neither a reader that takes nothing nor one that takes a little for ever keeps its place.
PIECE_SECONDS = 60.0
LONGEST_SECONDS = 4 * 3600.0
RETRY_SECONDS = 5


class Sending:
    """Room for the files that a process makes and sends, and how long a reader may take for a piece."""

    def __init__(self, piece_seconds: float = PIECE_SECONDS) -> None:
        self.places = Places(FILES, FILES_OF_ONE)
        self.threads = CapacityLimiter(THREADS)
        self.piece_seconds = piece_seconds


class MadeFile(StreamingResponse):
    """A file of pieces that a generator makes, a step at a time in a thread.

    It begins with its first piece that is not empty, so what goes wrong before that is answered as for any call. What
    goes wrong later breaks the answer off before its end, which HTTP tells the reader. The generator is closed in any
    case. Raises TooManyRequests when too many files are being sent.
    """

    def __init__(
        self,
        sending: Sending,
        account_id: str,
        make: Callable[[], Iterator[bytes]],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__((), headers=headers, media_type=media_type)
        self._sending = sending
        self._account_id = account_id
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the file, and send it as it is made."""
        with self._sending.places.taken(self._account_id) as placed:
            if not placed:
                raise TooManyRequests(
                    "Too many files are being sent.", retry_after=RETRY_SECONDS, code="TOO_MANY_STREAMS"
                )
            pieces = self._make()
            try:
                first = await self._first(pieces, Request(scope, receive))
                self.body_iterator = self._all(first, pieces)
                await super().__call__(scope, receive, send)
            finally:
                with anyio.CancelScope(shield=True):
                    await to_thread.run_sync(_close, pieces, limiter=self._sending.threads)

    async def stream_response(self, send: Send) -> None:
        """Send the pieces; leave off when the reader takes too long, and the connection is closed."""
        end = time.monotonic() + LONGEST_SECONDS
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self.body_iterator:
            with anyio.move_on_after(min(self._sending.piece_seconds, end - time.monotonic())) as limit:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if limit.cancelled_caught:
                get_logger().info("file.too_slow", account=self._account_id)
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _first(self, pieces: Iterator[bytes], request: Request) -> bytes:
        while (piece := await self._next(pieces)) == b"":
            if await request.is_disconnected():
                raise ClientDisconnect()
        return piece or b""

    async def _all(self, first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        piece: bytes | None = first
        while piece is not None:
            for start in range(0, len(piece), PIECE):
                yield piece[start : start + PIECE]
            piece = await self._next(pieces)

    async def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        """The next piece; None at the end."""
        return await to_thread.run_sync(next, pieces, None, limiter=self._sending.threads)


def _close(pieces: Iterator[bytes]) -> None:
    if (close := getattr(pieces, "close", None)) is not None:
        close()

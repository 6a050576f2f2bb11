"""HTTP/1.1 by uvicorn and httptools, with the bounds that they leave open: the size and the time of a request's head.

httptools hands over header after header for as long as a caller sends them, and uvicorn keeps them all; and a
connection that has not finished its first head is waited for without end.
"""

from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import MEDIA_TYPE, Problem

LONGEST_HEAD = 64 * 1024  # request line and headers, to within what is received at once
HEAD_SECONDS = 30.0  # from a head's first byte, or from the beginning of a connection, to the head's last


class BoundedHttp(HttpToolsProtocol):
    """A connection that is closed when a head grows too long, or does not arrive in time."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_message = False
        self._in_head = False
        self._head_bytes = 0
        self._clock: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Give a new connection its time for a first head."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn knows stream transports only
        self._head_begins()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._head_ends()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what arrives; refuse what makes a head too long."""
        super().data_received(data)
        if self._clock is None and not self._is_answering():
            self._wait_for_the_next()  # what came has stopped uvicorn's own clock
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too long.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_message = True
        self._head_begins()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers, which come after the body, are not read by anybody."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head has arrived."""
        self._head_ends()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body has arrived, too."""
        self._in_message = False
        super().on_message_complete()

    def _wait_for_the_next(self) -> None:
        """Bound what follows an answer: an empty line, which begins no message, or a body that nobody reads."""
        self._head_begins()
        self._in_head = not self._in_message  # the rest of a body may be long

    def _head_begins(self) -> None:
        self._head_ends()
        self._in_head, self._head_bytes = True, 0
        self._clock = self.loop.call_later(self.head_seconds, self._too_late)

    def _head_ends(self) -> None:
        self._in_head = False
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _too_late(self) -> None:
        if self._head_bytes:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The headers took too long to arrive.")
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer in the one form for errors, from below the application, and close."""
        if self.transport.is_closing():
            return
        if self._is_answering():  # to an earlier request on this connection: nothing may be written into that
            self.transport.close()
            return
        problem = Problem(title=status.phrase, status=status, detail=detail, code=status.name)
        body = problem.model_dump_json(exclude_none=True).encode()
        head = f"HTTP/1.1 {status:d} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\nconnection: close\r\n"
        self.transport.write(head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()

"""A line to a server on loopback, which a test may cut as a broken network would."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.ports import free_port

HOST = "127.0.0.1"
PIECE = 2**16


class Line:
    """Passes bytes on between its own port and a server's, both ways."""

    def __init__(self, server_port: int) -> None:
        self.port = free_port()
        self._server = (HOST, server_port)
        self._turn = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._mend()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """For the time of the block, who is connected is no more, and nobody else gets through."""
        self._break()
        try:
            yield
        finally:
            self._mend()

    def close(self) -> None:
        """Take the line down for good."""
        self._break()

    def _mend(self) -> None:
        self._listening: socket.socket | None = socket.create_server((HOST, self.port), backlog=256)
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _break(self) -> None:
        with self._turn:
            listening, self._listening = self._listening, None
            ends, self._ends = self._ends, set()
        for end in (listening, *ends):
            if end is not None:
                _hang_up(end)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(caller, listening), daemon=True).start()

    def _connect(self, caller: socket.socket, listening: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server)
        except OSError:
            _hang_up(caller)
            return
        with self._turn:
            is_whole = self._listening is listening
            if is_whole:
                self._ends |= {caller, server}
        if not is_whole:
            _hang_up(caller)
            _hang_up(server)
            return
        back = threading.Thread(target=_pass_on, args=(server, caller), daemon=True)
        back.start()
        _pass_on(caller, server)
        back.join()
        with self._turn:
            self._ends -= {caller, server}
        _hang_up(caller)
        _hang_up(server)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes, until one of the two has hung up."""
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

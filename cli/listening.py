"""Sockets that listen. `shelfwise up` holds the API's: while an API is started again, who connects waits for it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from shared.errors import ConfigurationError

BACKLOG = 2048  # who may wait


@contextmanager
def listening(host: str, port: int, remedy: str = "") -> Iterator[list[socket.socket]]:
    """A socket for every address of a host. Raises ConfigurationError unless all of them can be listened on."""
    with ExitStack() as stack:
        try:
            sockets = [stack.enter_context(each) for each in _opened(host, port)]
        except OSError as error:
            raise ConfigurationError(f"Cannot listen on {host}:{port}: {error.strerror}{remedy}.") from None
        yield sockets


def _opened(host: str, port: int) -> Iterator[socket.socket]:
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:  # IPv4 has a socket of its own where it is wanted
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind(address)
            opened.listen(BACKLOG)
        except OSError:
            opened.close()
            raise
        yield opened

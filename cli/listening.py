"""Sockets that listen. `shelfwise up` holds the API's: while an API is started again, who connects waits for it."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from shared.errors import ConfigurationError

BACKLOG = 2048  # who may wait
NOT_HERE = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)  # `localhost` is `::1`, too, also on a machine without IPv6


@contextmanager
def listening(host: str, port: int, remedy: str = "") -> Iterator[list[socket.socket]]:
    """A socket for every address that a host has on this machine. Raises ConfigurationError when they cannot be had."""
    with ExitStack() as stack:
        try:
            sockets = [stack.enter_context(each) for each in _opened(host, port)]
        except OSError as error:
            raise ConfigurationError(f"Cannot listen on {host}:{port}: {error.strerror}{remedy}.") from None
        yield sockets


def _opened(host: str, port: int) -> Iterator[socket.socket]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    places = dict.fromkeys((family, address) for family, _, _, _, address in found)  # a host may have one twice
    left = len(places)
    for family, address in places:
        try:
            yield _listening(family, address)
        except OSError as error:
            left -= 1
            if error.errno not in NOT_HERE or not left:
                raise


def _listening(family: int, address: Any) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # IPv4 has a socket of its own where it is wanted
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened

"""Ports for processes that cannot say which one the kernel gave them."""

import random
import socket

# Below the ports that the kernel gives away: what is free here is not taken by somebody's connection a moment later.
_LOWEST, _HIGHEST = 15_000, 30_000
_CHANCE = random.SystemRandom()  # Keras sets the seed of Python's own: test processes would look for the same ones


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    return free_ports(1)[0]


def free_ports(number: int) -> range:
    """So many ports of 127.0.0.1 in a row that nobody listens on."""
    while True:
        first = _CHANCE.randint(_LOWEST, _HIGHEST)
        ports = range(first, first + number)
        if all(_is_free(port) for port in ports):
            return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""The network under the client: every address is checked before it is connected to, and every wait is bounded."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, TypeAlias

import httpcore

from shared.errors import FetchFailed, UrlRefused
from shared.outgoing.rules import Address, OutgoingRules
from shared.outgoing.urls import Target

Resolve: TypeAlias = Callable[[str, int], Sequence[Address]]

LOOKUPS_AT_ONCE = 16
MOST_ADDRESSES = 4  # of one name that are tried


class Deadline:
    """The end of all waiting for one request."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left. Raises FetchFailed when there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise _too_slow()
        return seconds

    def shorten(self, seconds: float) -> None:
        """Have it come in so many seconds at the latest."""
        self._end = min(self._end, time.monotonic() + seconds)


def system_addresses(host: str, port: int) -> list[Address]:
    """What this machine's resolver knows of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(place[0]) for *_, place in found]


class Lookups:
    """Looks names up in threads that nobody has to wait for: the system's resolver knows no deadline.

    Whoever asks for a name that is being looked up waits for the same answer, so that one that hangs holds one of
    the places.
    """

    def __init__(self, resolve: Resolve, at_once: int = LOOKUPS_AT_ONCE) -> None:
        self._resolve = resolve
        self._room = threading.BoundedSemaphore(at_once)
        self._running: dict[tuple[str, int], Future[Sequence[Address]]] = {}
        self._lock = threading.Lock()

    def addresses(self, target: Target, deadline: Deadline) -> list[Address]:
        """The addresses of a host, each once. Raises FetchFailed when there are none in time."""
        if target.address is not None:
            return [target.address]
        answer = self._running.get((target.host, target.port)) or self._begun(target, deadline)
        try:
            found = list(dict.fromkeys(answer.result(deadline.left())))
        except TimeoutError:
            raise _too_slow() from None
        except OSError as error:
            again = getattr(error, "errno", None) == socket.EAI_AGAIN
            raise FetchFailed("The host's name could not be looked up.", transient=again) from None
        if not found:
            raise FetchFailed("The host's name has no address.", transient=False)
        return found

    def _begun(self, target: Target, deadline: Deadline) -> Future[Sequence[Address]]:
        """A lookup that has begun, once there is room for it."""
        if not self._room.acquire(timeout=deadline.left()):
            raise _too_slow()
        place = (target.host, target.port)
        with self._lock:
            if (running := self._running.get(place)) is not None:  # somebody was quicker
                self._room.release()
                return running
            answer = self._running[place] = Future()
        thread = threading.Thread(target=self._look_up, args=(target, answer), name="lookup", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread to be had just now
            self._ended(target)
            answer.set_exception(OSError(socket.EAI_AGAIN, "no thread"))
        return answer

    def _look_up(self, target: Target, answer: Future[Sequence[Address]]) -> None:
        try:
            found = self._resolve(target.host, target.port)
        except Exception as error:  # whatever it is, those who wait must hear of it
            self._ended(target)
            answer.set_exception(error)
        else:
            self._ended(target)
            answer.set_result(found)

    def _ended(self, target: Target) -> None:
        """Make room; whoever asks from here on has the name looked up anew."""
        with self._lock:
            del self._running[target.host, target.port]
        self._room.release()


def allowed_addresses(target: Target, rules: OutgoingRules, lookups: Lookups, deadline: Deadline) -> list[Address]:
    """The addresses of a host, each once. Raises UrlRefused unless all of them are allowed, and FetchFailed."""
    addresses = lookups.addresses(target, deadline)
    if not all(rules.allow(address) for address in addresses):
        raise UrlRefused("The URL's host leads to an address that is not public.")
    return addresses


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to one target: looks it up once, refuses it unless every address is allowed, and uses those."""

    def __init__(self, target: Target, rules: OutgoingRules, lookups: Lookups, deadline: Deadline) -> None:
        self._target = target
        self._rules = rules
        self._lookups = lookups
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """A connection to the target; httpcore names the same host and port. Raises UrlRefused and FetchFailed."""
        addresses = allowed_addresses(self._target, self._rules, self._lookups, self._deadline)
        return DeadlineStream(self._connected(addresses[:MOST_ADDRESSES]), self._deadline)

    def _connected(self, addresses: Sequence[Address]) -> socket.socket:
        """A socket that is connected to the first of these that answers; each has its share of the time."""
        for number, address in enumerate(addresses):
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            try:
                connection = socket.socket(family, socket.SOCK_STREAM)
            except OSError:  # this machine does not speak the address's version of IP
                continue
            try:
                connection.settimeout(self._deadline.left() / (len(addresses) - number))
                connection.connect((str(address), self._target.port))
                return connection
            except OSError:
                connection.close()
            except FetchFailed:
                connection.close()
                raise
        raise FetchFailed("The host could not be connected to.", transient=True)


class DeadlineStream(httpcore.NetworkStream):
    """A connection of which every step waits for no longer than the deadline, whatever time-out it is given."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes, or none at the end."""
        with _told_plainly():
            self._connection.settimeout(self._deadline.left())
            return self._connection.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it all. A peer that hangs up early may have answered already: httpcore reads on after WriteError."""
        rest = memoryview(buffer)
        while rest:
            try:
                self._connection.settimeout(self._deadline.left())
                rest = rest[self._connection.send(rest) :]
            except TimeoutError:
                raise _too_slow() from None
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted, with a peer whose certificate is for this name."""
        try:
            with _told_plainly():
                self._connection.settimeout(self._deadline.left())
                encrypted = ssl_context.wrap_socket(self._connection, server_hostname=server_hostname)
        except BaseException:
            self.close()  # httpcore does not know of it yet
            raise
        return DeadlineStream(encrypted, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: which protocol TLS has agreed on."""
        return self._connection if info == "ssl_object" and isinstance(self._connection, ssl.SSLSocket) else None


def _too_slow() -> FetchFailed:
    return FetchFailed("The host did not answer completely in time.", transient=True)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Bring what a socket raises in the block to FetchFailed."""
    try:
        yield
    except TimeoutError:
        raise _too_slow() from None
    except ssl.SSLCertVerificationError:
        raise FetchFailed("The host's certificate is not valid for its name.", transient=False) from None
    except OSError:
        raise FetchFailed("The connection to the host broke off.", transient=True) from None

"""The one client for requests to addresses that strangers name. It follows no redirect and knows no proxy."""

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import httpcore

from shared.errors import FetchFailed, ReplyTooLarge
from shared.outgoing.network import (
    LOOKUPS_AT_ONCE,
    Deadline,
    GuardedNetwork,
    Lookups,
    Resolve,
    allowed_addresses,
    system_addresses,
)
from shared.outgoing.rules import OutgoingRules
from shared.outgoing.urls import Target, target_of

SECONDS = 15.0
REST_SECONDS = 1.0  # for what follows the status of something that was sent
ETAG_CHARACTERS = 255
_ETAG = re.compile(rb'(?:W/)?"[\x21\x23-\x7e]*"')  # RFC 9110, but ASCII only: it is kept as text and sent again
_HEADERS = (
    ("User-Agent", "Shelfwise"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),  # what is packed would have to be unpacked before its size is known
    ("Connection", "close"),
)


class Sink(Protocol):
    """Where a body goes."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True)
class Got:
    """How a request was answered: whether nothing `is_unchanged` since, and the ETag to ask with next time, if any."""

    is_unchanged: bool
    etag: str | None


@dataclass(frozen=True, slots=True)
class Replied:
    """How something that was sent was answered: the status, the first bytes, and the Retry-After as it was written."""

    status: int
    start: bytes
    retry_after: str | None


class Outgoing:
    """Makes guarded requests, each on a connection of its own, in `seconds` from lookup to last byte.

    So many different `names` are looked up at once, and more wait: one that hangs does so for longer than a request.
    Safe to share between threads. Certificates are checked against the system's and certifi's authorities.
    """

    def __init__(
        self,
        rules: OutgoingRules,
        seconds: float = SECONDS,
        *,
        names: int = LOOKUPS_AT_ONCE,
        resolve: Resolve = system_addresses,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = rules
        self._seconds = seconds
        self._lookups = Lookups(resolve, names)
        self._ssl_context = ssl_context or httpcore.default_ssl_context()

    def get(self, url: str, into: Sink, limit: int, etag: str | None = None) -> Got:
        """Write what lies at a URL into a file, unless it is what it was under this ETag.

        Raises UrlRefused, FetchFailed, and ReplyTooLarge past `limit` bytes.
        """
        headers = [] if etag is None else [("If-None-Match", etag)]
        with self._answer("GET", url, headers, Deadline(self._seconds)) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED and etag is not None:
                return Got(is_unchanged=True, etag=_etag(answer) or etag)
            if answer.status != HTTPStatus.OK:
                again = answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= 500
                raise FetchFailed(f"The host answered with status {answer.status}.", transient=again)
            _copy_body(answer, into, limit)
            return Got(is_unchanged=False, etag=_etag(answer))

    def post(self, url: str, body: bytes, headers: Sequence[tuple[str, str]], most: int = 1024) -> Replied:
        """Send a body to a URL; whatever status comes back is an answer.

        Once there is a status it counts: up to `most` bytes of what follows are read, for REST_SECONDS at most, and
        it does not matter how they end. Raises UrlRefused, and FetchFailed where there is no answer.
        """
        deadline = Deadline(self._seconds)
        sent = [("Content-Length", str(len(body))), *headers]
        with self._answer("POST", url, sent, deadline, body) as answer:
            deadline.shorten(REST_SECONDS)
            retry_after = _headers(answer).get(b"retry-after")
            return Replied(
                status=answer.status,
                start=_start_of_body(answer, most),
                retry_after=None if retry_after is None else retry_after.decode("latin-1"),
            )

    def look_up(self, url: str) -> None:
        """See whether a request could be made to a URL now, without making it. Raises UrlRefused and FetchFailed."""
        allowed_addresses(target_of(url, self._rules), self._rules, self._lookups, Deadline(self._seconds))

    @contextmanager
    def _answer(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], deadline: Deadline, body: bytes | None = None
    ) -> Iterator[httpcore.Response]:
        """The answer to a request, its body still to be read within the block."""
        target = target_of(url, self._rules)
        network = GuardedNetwork(target, self._rules, self._lookups, deadline)
        request = httpcore.Request(
            method, _url(target), headers=[("Host", target.authority), *_HEADERS, *headers], content=body
        )
        connection = httpcore.HTTPConnection(
            request.url.origin, ssl_context=self._ssl_context, network_backend=network, retries=0
        )
        try:
            yield connection.handle_request(request)
        except (httpcore.ProtocolError, httpcore.NetworkError):
            raise FetchFailed("The host's answer broke off, or is not HTTP.", transient=True) from None
        finally:
            connection.close()


def _url(target: Target) -> httpcore.URL:
    return httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)


def _etag(answer: httpcore.Response) -> str | None:
    """The answer's ETag, if it is one that can be kept."""
    etag = _headers(answer).get(b"etag", b"")
    return etag.decode("ascii") if len(etag) <= ETAG_CHARACTERS and _ETAG.fullmatch(etag) else None


def _headers(answer: httpcore.Response) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in answer.headers}


def _copy_body(answer: httpcore.Response, into: Sink, limit: int) -> None:
    headers = _headers(answer)
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise FetchFailed("The host answered with packed data, which was not asked for.", transient=False)
    if int(headers.get(b"content-length", 0)) > limit:
        raise _too_large(limit)
    size = 0
    for chunk in answer.iter_stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        into.write(chunk)


def _start_of_body(answer: httpcore.Response, most: int) -> bytes:
    """The first bytes of a body, as many as come before it breaks off or its time is up."""
    start = b""
    with suppress(FetchFailed, httpcore.ProtocolError, httpcore.NetworkError):
        for chunk in answer.iter_stream():
            start += chunk[: most - len(start)]
            if len(start) >= most:
                break
    return start


def _too_large(limit: int) -> ReplyTooLarge:
    return ReplyTooLarge(f"What lies at the URL has more than {limit} bytes.", transient=False)

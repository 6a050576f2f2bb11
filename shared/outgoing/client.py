"""The one client for requests to addresses that strangers name. It follows no redirect and knows no proxy."""

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import httpcore

from shared.errors import FetchFailed, ReplyTooLarge
from shared.outgoing.network import Deadline, GuardedNetwork, Lookups, Resolve, system_addresses
from shared.outgoing.rules import OutgoingRules
from shared.outgoing.urls import Target, target_of

SECONDS = 15.0
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


class Outgoing:
    """Makes guarded requests, each on a connection of its own, in `seconds` from lookup to last byte.

    Safe to share between threads. Certificates are checked against the system's and certifi's authorities.
    """

    def __init__(
        self,
        rules: OutgoingRules,
        seconds: float = SECONDS,
        *,
        resolve: Resolve = system_addresses,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = rules
        self._seconds = seconds
        self._lookups = Lookups(resolve)
        self._ssl_context = ssl_context or httpcore.default_ssl_context()

    def get(self, url: str, into: Sink, limit: int, etag: str | None = None) -> Got:
        """Write what lies at a URL into a file, unless it is what it was under this ETag.

        Raises UrlRefused, FetchFailed, and ReplyTooLarge past `limit` bytes.
        """
        with self._answer("GET", url, [] if etag is None else [("If-None-Match", etag)]) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED and etag is not None:
                return Got(is_unchanged=True, etag=_etag(answer) or etag)
            if answer.status != HTTPStatus.OK:
                again = answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= 500
                raise FetchFailed(f"The host answered with status {answer.status}.", transient=again)
            _copy_body(answer, into, limit)
            return Got(is_unchanged=False, etag=_etag(answer))

    @contextmanager
    def _answer(self, method: str, url: str, headers: Sequence[tuple[str, str]] = ()) -> Iterator[httpcore.Response]:
        """The answer to a request, its body still to be read within the block."""
        target = target_of(url, self._rules)
        network = GuardedNetwork(target, self._rules, self._lookups, Deadline(self._seconds))
        request = httpcore.Request(method, _url(target), headers=[("Host", target.authority), *_HEADERS, *headers])
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


def _too_large(limit: int) -> ReplyTooLarge:
    return ReplyTooLarge(f"What lies at the URL has more than {limit} bytes.", transient=False)

"""Receivers: who are told by webhooks, some in good order, some only now and then, some slowly.

They answer on one port of 127.0.0.1, and so does the site that has the photos.
"""

import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

from tests.faults.storm.photos import photo

FAILING_SHARE = 0.4  # of the tries at a receiver that fails
HANGING_SECONDS = 3.0  # longer than the service waits
SLOW_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that came with a good signature; `taken` says whether the receiver said so."""

    event_id: str
    event_type: str
    job_id: str
    status: str
    body_hash: str
    taken: bool


@dataclass(slots=True)
class Receiver:
    """One who is told of an owner's jobs, of all types of events and kinds of jobs unless some are named."""

    owner: str
    name: str
    events: Sequence[str] = ()
    job_kinds: Sequence[str] = ()
    fails: bool = False
    is_slow: bool = False
    secret: str = ""
    chance: random.Random = field(default_factory=random.Random)
    arrivals: list[Arrival] = field(default_factory=list)
    forged: int = 0  # deliveries whose signature was not good

    @property
    def path(self) -> str:
        return f"/hooks/{self.name}"

    def listens(self, event_type: str, job_kind: str) -> bool:
        """Whether this is told of such an event of a job that names no receiver."""
        return (not self.events or event_type in self.events) and (not self.job_kinds or job_kind in self.job_kinds)


class Site:
    """Where the receivers are, and the photos."""

    def __init__(self, receivers: Sequence[Receiver]) -> None:
        self.receivers = {each.path: each for each in receivers}
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass  # a worker that is killed hangs up in the middle of a request


@contextmanager
def open_site(receivers: Sequence[Receiver]) -> Iterator[Site]:
    """Let everybody in for the time of the block."""
    site = Site(receivers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/photos/").removesuffix(".png")
            if name.isdigit():
                self._answer(200, photo(int(name)))
            else:
                self._answer(404)

        def do_POST(self) -> None:
            receiver = site.receivers[self.path]
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed in the middle: nothing was delivered
                return
            status = _status(receiver)
            try:
                Webhook(receiver.secret).verify(body, dict(self.headers))
            except WebhookVerificationError:
                receiver.forged += 1
                self._answer(401)
                return
            said = json.loads(body)
            job = said["data"]
            arrival = Arrival(
                self.headers["webhook-id"],
                said["type"],
                job["id"],
                job["status"],
                sha256(body).hexdigest(),
                taken=status is not None and status < 300,
            )
            receiver.arrivals.append(arrival)
            if status is not None:
                self._answer(status)

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 503:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()


def _status(receiver: Receiver) -> int | None:
    """What a receiver answers this time; None hangs up without a word."""
    if receiver.is_slow:
        threading.Event().wait(SLOW_SECONDS)
    if not receiver.fails or receiver.chance.random() > FAILING_SHARE:
        return 204
    status = receiver.chance.choice((500, 503, 302, None, None))
    if status is None and receiver.chance.random() < 0.2:
        threading.Event().wait(HANGING_SECONDS)
    return status

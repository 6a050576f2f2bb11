"""The metrics of a worker process over HTTP, on a port of its own.

While a worker is replaced, its successor and itself want the same port: one that is used is tried again and again, by
a thread that the work never waits for.
"""

import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from shared.logs import get_logger
from shared.metrics.access import REFUSAL, may_read
from shared.metrics.registry import rendered
from shared.settings import Settings

PATH = "/metrics"
AGAIN_SECONDS = 1.0
LOOK_SECONDS = 0.2  # between two looks whether the process ends
PATIENCE_SECONDS = 5.0  # with a client that sends or takes nothing
LONGEST_SECONDS = 15.0  # of a connection: one that drips is hung up on
MOST_CLIENTS = 8  # at once; who comes then is hung up on


class MetricsServer:
    """Serves a registry for the time of a `with` block, where the settings say; port 0 is nowhere."""

    def __init__(self, settings: Settings, registry: CollectorRegistry, again_seconds: float = AGAIN_SECONDS) -> None:
        self._host, self._port = settings.metrics_host, settings.metrics_port
        self._token = settings.metrics_token
        self._registry = registry
        self._again_seconds = again_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._log = get_logger()

    def __enter__(self) -> Self:
        if self._port:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._port:
            self._thread.join()

    def _run(self) -> None:
        server = self._opened()
        if server is None:
            return
        self._log.info("metrics.served", host=self._host, port=self._port)
        with server:
            while not self._ended.is_set():
                server.handle_request()

    def _opened(self) -> "_Server | None":
        """A server, as soon as the port can be had; None when the process ends before that."""
        told = False
        while not self._ended.is_set():
            try:
                return _Server(self._host, self._port, self._registry, self._token)
            except OSError as error:
                if not told:
                    self._log.warning("metrics.not_served", host=self._host, port=self._port, reason=str(error))
                told = True
            self._ended.wait(self._again_seconds)
        return None


class _Server(ThreadingMixIn, HTTPServer):
    """Listens on one address; a few clients at once, each in a thread that nobody waits for."""

    daemon_threads = True
    timeout = LOOK_SECONDS

    def __init__(self, host: str, port: int, registry: CollectorRegistry, token: SecretStr | None) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, address = found[0][0], found[0][4]
        self.registry = registry
        self.token = token
        self._places = threading.BoundedSemaphore(MOST_CLIENTS)
        super().__init__((str(address[0]), port), _Handler)

    def server_bind(self) -> None:
        """Bind, without asking a name server for this machine's name, as HTTPServer does."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, if there is a place."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started just now, which whoever called this says in the log
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in the log what went wrong with a client, which has mostly gone."""
        get_logger().debug("metrics.request_failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: _Server
    server_version, sys_version = "shelfwise", ""
    timeout = PATIENCE_SECONDS

    def handle(self) -> None:
        """Answer, within bounds."""
        end = threading.Timer(LONGEST_SECONDS, self._hang_up)
        end.daemon = True
        end.start()
        try:
            super().handle()
        finally:
            end.cancel()

    def _hang_up(self) -> None:
        with suppress(OSError):  # it has gone
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        """Answer with the metrics, to whoever may read them."""
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        if urlsplit(self.path).path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, f"The metrics are at {PATH}.\n".encode())
        elif not may_read(self.server.token, str(self.client_address[0]), headers):
            self._answer(HTTPStatus.UNAUTHORIZED, f"{REFUSAL}\n".encode(), challenge="Bearer")
        else:
            text, media_type = rendered(self.server.registry, self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, text, media_type)

    def _answer(
        self, status: HTTPStatus, body: bytes, media_type: str = "text/plain; charset=utf-8", challenge: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: a line for every scrape would help nobody."""

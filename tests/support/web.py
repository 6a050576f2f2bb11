"""Small web servers on loopback that answer as a test says, byte by byte if it must be."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer: TypeAlias = Callable[[socket.socket], object]
HELD_SECONDS = 30


@dataclass
class Site:
    """A running server, and the requests it has had: their heads as text, and their bodies."""

    port: int
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def paths(self) -> list[str]:
        return [request.split(" ")[1] for request in self.requests]


@contextmanager
def site(answer: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Site]:
    """Answer every request on a port of its own, each in a thread, and then hang up."""
    listening = socket.create_server((host, 0), backlog=64)
    running = Site(listening.getsockname()[1])

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:  # the client may hang up whenever it likes
            connection.settimeout(HELD_SECONDS)
            with tls.wrap_socket(connection, server_side=True) if tls else connection as talking:
                head, body = _request(talking)
                running.bodies.append(body)
                running.requests.append(head)
                answer(talking)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield running
    finally:
        running.ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join()


def _request(connection: socket.socket) -> tuple[str, bytes]:
    """A request's head, and as much of a body as it says it has."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _piece(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    said = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
    while said and len(body) < int(said[1]):
        body += _piece(connection)
    return head.decode("latin-1") + "\r\n\r\n", body


def _piece(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError("hung up")
    return piece


def reply(body: bytes = b"", status: str = "200 OK", *headers: str) -> Answer:
    """A plain answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return raw("\r\n".join(lines).encode() + body)


def raw(*pieces: bytes) -> Answer:
    """These bytes, whatever they mean."""

    def answer(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


def drip(start: bytes, drop: bytes) -> Answer:
    """A start, and then a drop now and then for as long as the client listens."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            threading.Event().wait(0.05)

    return answer


def flood(start: bytes, piece: bytes) -> Answer:
    """A start, and then the same piece for as long as the client takes it."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return answer


def hold(until: threading.Event, then: Answer) -> Answer:
    """Nothing, until the event; then the other answer."""

    def answer(connection: socket.socket) -> None:
        until.wait(HELD_SECONDS)
        then(connection)

    return answer


def then(*answers: Answer) -> Answer:
    """One answer after the other to the same request."""

    def answer(connection: socket.socket) -> None:
        for each in answers:
            each(connection)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """The first answer to the first request, and so on; the last one again and again."""
    left = list(answers)

    def answer(connection: socket.socket) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection)

    return answer


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for this name, and a client's context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    moment = datetime.now(UTC)
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
    return server, client

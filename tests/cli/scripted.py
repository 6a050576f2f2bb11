"""A service that answers as it is told, to try its clients with."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

SIGNED_IN = (200, {"access_token": "t0ken"})
HANG_UP = (0, b"")  # instead of an answer
CUT_OFF = (-1, b"half of it")  # and no more, though more was promised


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: value for name, (value,) in parse_qs(urlsplit(self.target).query).items()}

    @property
    def token(self) -> str | None:
        return self.headers.get("Authorization")


class Scripted(ThreadingHTTPServer):
    """Gives the answers of its script in turn, the last one for ever, and keeps what it was asked.

    An answer is a status, its content, and its headers if it has any.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[Any, ...]] = []
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        script = self.server.script
        status, content, *headers = script.pop(0) if len(script) > 1 else script[0]
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        if status == HANG_UP[0]:
            return
        self.send_response(200 if status == CUT_OFF[0] else status)
        self.send_header("Content-Length", str(len(sent) + (100 if status == CUT_OFF[0] else 0)))
        for name, value in (headers[0] if headers else {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def scripted_service() -> Iterator[Scripted]:
    with Scripted() as scripted:
        thread = threading.Thread(target=scripted.serve_forever, args=(0.01,))
        thread.start()
        yield scripted
        scripted.shutdown()
        thread.join()


def job(status: str = "running", **changed: Any) -> dict[str, Any]:
    """A job of 449 rows as the service tells of it, with what is otherwise: `failed=12`, say, or `name=None`."""
    counts = {name: changed.pop(name, 0) for name in ("succeeded", "failed", "reused")}
    total = changed.pop("total", 449)
    ended = status not in ("queued", "running")
    return {
        "id": "j1",
        "kind": "catalogue",
        "name": "spring.csv",
        "status": status,
        "counts": {"total": total, "pending": total - counts["succeeded"] - counts["failed"], **counts},
        "progress": 1.0 if ended else 0.25,
        "rows_per_second": 36.5,
        "eta_seconds": None if ended else 12.3,
        "queue_position": None,
        "model_versions": ["demo-1"],
        "created_at": "2026-11-20T09:30:00Z",
        "started_at": "2026-11-20T09:30:01Z",
        "finished_at": "2026-11-20T09:30:13.300000Z" if ended else None,
        "rerun_of": None,
        "changes": None,
        "error": None,
        "source": {
            "format": "csv",
            "encoding": "utf-8",
            "delimiter": ";",
            "columns": {"product_id": "productid", "designation": "Titre"},
        },
        "prediction": None,
        **changed,
    }

"""The client against a server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cli.client import Client
from cli.predict import predict_product
from shared.errors import InvalidInput, ShelfwiseError, Unauthenticated, Unavailable
from tests.cli.command import shelfwise

SIGNED_IN = (200, {"access_token": "t0ken"})
JOB = {"id": "j1", "finished_at": None}


class Scripted(ThreadingHTTPServer):
    """Gives the answers of its script in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, str | None, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
        script = self.server.script
        status, content = script.pop(0) if len(script) > 1 else script[0]
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as scripted:
        thread = threading.Thread(target=scripted.serve_forever, args=(0.01,))
        thread.start()
        yield scripted
        scripted.shutdown()
        thread.join()


def sign_in(server: Scripted) -> None:
    with Client(server.url, "ann", "sesame"):
        pass


def test_it_signs_in_submits_and_waits_for_the_end(server: Scripted) -> None:
    done = JOB | {"finished_at": "now"}
    server.script = [SIGNED_IN, (202, JOB), (200, JOB), (200, done)]

    with Client(server.url, "ann", "sesame") as client:
        job = client.wait(client.submit({"designation": "Chaise"})["id"])

    assert job == done
    assert [asked[:3] for asked in server.asked] == [
        ("POST", "/api/auth", None),
        ("POST", "/api/predict", "Bearer t0ken"),
        ("GET", "/api/jobs/j1", "Bearer t0ken"),
        ("GET", "/api/jobs/j1", "Bearer t0ken"),
    ]
    assert json.loads(server.asked[1][3]) == {"designation": "Chaise"}


def test_a_photo_goes_along_with_the_fields(server: Scripted) -> None:
    server.script = [SIGNED_IN, (202, JOB)]

    with Client(server.url, "ann", "sesame") as client:
        client.submit({"designation": "Chaise"}, b"photo's bytes")

    body = server.asked[1][3]
    assert b'name="designation"\r\n\r\nChaise' in body
    assert b"photo's bytes" in body


@pytest.mark.parametrize(
    ("status", "problem", "error", "message"),
    [
        (401, {"code": "WRONG", "detail": "Wrong password."}, Unauthenticated, "Wrong password."),
        (409, {"code": "TAKEN", "detail": "It is taken."}, ShelfwiseError, "It is taken."),
        (
            422,
            {"code": "X", "detail": "2 errors", "errors": [{"message": "A is wrong"}, {"message": "B too"}]},
            ShelfwiseError,
            "A is wrong; B too",
        ),
    ],
)
def test_a_problem_is_the_services_own_sentence(
    server: Scripted, status: int, problem: dict[str, Any], error: type[ShelfwiseError], message: str
) -> None:
    server.script = [(status, problem)]

    with pytest.raises(error) as caught:
        sign_in(server)

    assert (caught.value.message, caught.value.code) == (message, problem["code"])


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway", b"[1]", b'"no"', b'{"detail": "x"}', b'{"errors": 1}'])
def test_an_answer_that_is_no_problem_is_one_sentence(server: Scripted, body: bytes) -> None:
    server.script = [(502, body)]

    with pytest.raises(Unavailable, match="The service answered 502 without saying why"):
        sign_in(server)


@pytest.mark.parametrize("body", [b"", b"<html>Welcome</html>", b"[1]", b"7"])
def test_a_server_that_is_not_ours_is_one_sentence(server: Scripted, body: bytes) -> None:
    server.script = [(200, body)]

    with pytest.raises(Unavailable, match="is not this service"):
        sign_in(server)


def test_a_job_that_does_not_end_is_not_waited_for_for_ever(server: Scripted) -> None:
    server.script = [SIGNED_IN, (200, JOB)]

    with (
        Client(server.url, "ann", "sesame") as client,
        pytest.raises(Unavailable, match="Job j1 did not end within 0 s"),
    ):
        client.wait("j1", seconds=0.2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nowhere"])
def test_nobody_there_is_one_sentence(url: str) -> None:
    with pytest.raises(Unavailable, match=f"^{url}/? does not answer"), Client(url, "ann", "sesame"):
        pass


def test_the_command_says_it_in_one_sentence_and_exits_with_1(server: Scripted) -> None:
    server.script = [(401, {"code": "UNAUTHENTICATED", "detail": "Wrong name or password."})]

    done = shelfwise("predict", "--text", "Chaise", "--url", server.url, SHELFWISE_PASSWORD="sesame")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "shelfwise: Wrong name or password.\n")


def test_nothing_to_predict_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="Give a --text, a --description or an --image"):
        predict_product("http://127.0.0.1:1", "ann", None, None, None)

"""Catalogues that are refused leave nothing behind: no job, no charge, and nothing in the store."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrations.upgrade import upgrade
from tests.api.catalogues import CSV, FORM, jobs_of, part, send, send_form, source_of, stored_files
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.api.process import MIB, ApiProcess, api_process
from tests.conftest import RedisServer
from tests.support.waiting import wait_for

LIMIT = 3 * MIB


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder = tmp_path_factory.mktemp("refused")
    settings = settings_for(folder, shared_redis.broker_url, max_catalogue_bytes=LIMIT, max_image_bytes=MIB)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


@pytest.fixture
def nothing_is_left(api: RunningApi, client: httpx.Client) -> Iterator[None]:
    """Holds when the test is over."""
    before = stored_files(api)
    yield
    wait_for(lambda: stored_files(api) == before, 20, "the store to be as before")
    assert jobs_of(client) == []
    assert client.get("/api/users/me/usage").json()["stored_bytes"] == 0


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize(
    ("media_type", "more"),
    [
        ("", {}),
        ("text/plain", {}),
        ("application/json", {}),
        ("application/octet-stream", {}),
        ("application/x-www-form-urlencoded", {}),
        ("image/jpeg", {"params": {"format": "csv"}}),
        ("application/gzip", {}),
        ("application/gzip", {"params": {"format": "xlsx"}}),
        ("application/gzip", {"params": {"format": "zip"}}),
        ("application/zip", {"headers": {"Content-Encoding": "gzip"}}),
        ("application/vnd.apache.parquet", {"headers": {"Content-Encoding": "gzip"}}),
        ("text/csv", {"headers": {"Content-Encoding": "br"}}),
        ("text/csv", {"headers": {"Content-Encoding": "gzip, gzip"}}),
    ],
)
def test_what_is_no_kind_of_catalogue(client: httpx.Client, media_type: str, more: dict[str, Any]) -> None:
    assert_problem(send(client, CSV, media_type, **more), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize(
    ("query", "code", "where"),
    [
        ({"columns": "designation"}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": ""}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": "designation:"}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": "designation:Titre,"}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": "designation:Titre\0"}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": "designation:" + "x" * 501}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": '{"designation": 1}'}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": '{"designation": "a", "designation": "b"}'}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": "{" * 5_000}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": '["designation"]'}, "INVALID_COLUMNS", "query.columns"),
        ({"columns": "titre:designation"}, "UNKNOWN_COLUMN", "query.columns"),
        ({"columns": " designation:Titre"}, "UNKNOWN_COLUMN", "query.columns"),
        ({"columns": '{"title": "a"}'}, "UNKNOWN_COLUMN", "query.columns"),
        ({"columns": "designation:a,designation:b"}, "DUPLICATE_COLUMN", "query.columns"),
        ({"columns": ["designation:a", "designation:a"]}, "DUPLICATE_COLUMN", "query.columns"),
        ({"encoding": "klingon"}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": ""}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": "base64"}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": "utf-7"}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": "unicode_escape"}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": "utf-8\0"}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": "x" * 10_000}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"encoding": "../../etc/passwd"}, "UNKNOWN_ENCODING", "query.encoding"),
        ({"delimiter": ""}, "INVALID_DELIMITER", "query.delimiter"),
        ({"delimiter": ",,"}, "INVALID_DELIMITER", "query.delimiter"),
        ({"delimiter": '"'}, "INVALID_DELIMITER", "query.delimiter"),
        ({"delimiter": "\n"}, "INVALID_DELIMITER", "query.delimiter"),
        ({"delimiter": "a"}, "INVALID_DELIMITER", "query.delimiter"),
        ({"delimiter": "é"}, "INVALID_DELIMITER", "query.delimiter"),
        ({"delimiter": "comma\n"}, "INVALID_DELIMITER", "query.delimiter"),
        ({"format": "CSV"}, "VALIDATION", "query.format"),
        ({"format": "xls"}, "VALIDATION", "query.format"),
        ({"format": ""}, "VALIDATION", "query.format"),
        ({"name": "x" * 201}, "VALIDATION", "query.name"),
        ({"name": "a\0b"}, "VALIDATION", "query.name"),
        ({"expires_in": "0"}, "VALIDATION", "query.expires_in"),
        ({"expires_in": "-1"}, "VALIDATION", "query.expires_in"),
        ({"expires_in": "1_0"}, "VALIDATION", "query.expires_in"),
        ({"expires_in": "1.5"}, "VALIDATION", "query.expires_in"),
        ({"expires_in": "604801"}, "EXPIRES_TOO_LATE", "query.expires_in"),
        ({"expires_in": "9" * 4_000}, "EXPIRES_TOO_LATE", "query.expires_in"),
    ],
)
def test_a_query_that_makes_no_sense(client: httpx.Client, query: dict[str, Any], code: str, where: str) -> None:
    problem = assert_problem(send(client, CSV, params=query), 422, code)

    assert problem["errors"][0]["where"] == where


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 256])
def test_a_key_that_cannot_be_one(client: httpx.Client, key: str) -> None:
    answer = send(client, CSV, headers={"Idempotency-Key": key.encode("latin-1")})

    assert_problem(answer, 422, "INVALID_IDEMPOTENCY_KEY")


TEXT = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\na,b\r\n'
FORMS: dict[str, tuple[tuple[bytes, ...], str, int, str]] = {
    "no boundary": ((part(CSV),), "multipart/form-data", 422, "INVALID_FORM"),
    "an empty boundary": ((part(CSV),), "multipart/form-data; boundary=", 422, "INVALID_FORM"),
    "another boundary": ((part(CSV),), "multipart/form-data; boundary=c", 422, "INVALID_FORM"),
    "a boundary of 10 KB": ((part(CSV),), f"multipart/form-data; boundary={'b' * 10_000}", 422, "INVALID_FORM"),
    "two files": ((part(CSV), part(CSV)), FORM, 422, "DUPLICATE_FIELD"),
    "2,000 files": ((part(CSV) * 2_000,), FORM, 422, "DUPLICATE_FIELD"),
    "an unknown part before it": ((part(CSV, name="photo"), part(CSV)), FORM, 422, "UNKNOWN_FIELD"),
    "an unknown part behind it": ((part(CSV), part(b"x" * MIB, name="photo")), FORM, 422, "UNKNOWN_FIELD"),
    "a part without a name": ((b"--b\r\n\r\nno name\r\n",), FORM, 422, "INVALID_FORM"),
    "a name of nothing but headers": ((b"--b\r\nX-A: b\r\n\r\nx\r\n",), FORM, 422, "INVALID_FORM"),
    "2,000 headers": ((b"--b\r\n" + b"X-A: b\r\n" * 2_000 + b"\r\nx\r\n",), FORM, 422, "INVALID_FORM"),
    "a header without an end": ((b"--b\r\nX-A: " + b"x" * MIB,), FORM, 422, "INVALID_FORM"),
    "line ends without an end": ((b"\r\n" * MIB,), FORM, 422, "INVALID_FORM"),
    "no form at all": ((CSV,), FORM, 422, "INVALID_FORM"),
    "no parts": ((), FORM, 422, "MISSING_FIELD"),
    "a text without a name": ((TEXT,), FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "an empty file": ((part(b""),), FORM, 422, "EMPTY_BODY"),
    "a name of 10 KB": ((part(CSV, "x" * 10_000),), FORM, 422, "INVALID_FORM"),
    "a name that says nothing": ((part(CSV, "autumn"),), FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "a name of an ending": ((part(CSV, ".csv"),), FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "a picture": ((part(CSV, "a.jpg", more="Content-Type: image/jpeg\r\n"),), FORM, 415, "UNSUPPORTED_MEDIA_TYPE"),
}


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("name", FORMS)
def test_forms_that_make_no_sense(client: httpx.Client, name: str) -> None:
    parts, media_type, status, code = FORMS[name]

    assert_problem(send_form(client, *parts, media_type=media_type), status, code)


@pytest.mark.usefixtures("nothing_is_left")
def test_a_form_that_breaks_off(client: httpx.Client) -> None:
    whole = part(b"designation\n" * 200_000)

    for broken in (whole, whole[:-1_000], whole[:100], whole[:20], b""):
        assert_problem(send(client, broken, FORM), 422, "INVALID_FORM")


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("../../x.csv", "x.csv"),
        ("/etc/passwd.csv", "passwd.csv"),
        ("C:\\data\\autumn.csv", "autumn.csv"),
        ("a\0b\x1b[31m.csv", "ab[31m.csv"),
        ("é漢🎲.csv", "é漢🎲.csv"),
        ("x" * 1_000 + ".csv", "x" * 200),
        ("..", ".."),
        ("", None),
    ],
)
def test_what_a_file_is_called_is_shown_and_means_nothing(
    api: RunningApi, client: httpx.Client, filename: str, shown: str | None
) -> None:
    before = stored_files(api)

    answer = send_form(client, part(CSV, filename), params={"format": "csv"})

    source = source_of(api, answer)
    assert source.filename == shown
    assert stored_files(api) - before == {Path(source.key).name}
    assert sorted(path.name for path in api.settings.data_dir.iterdir() if path.is_dir()) == ["store"]


def test_a_file_name_with_line_ends_is_none(client: httpx.Client) -> None:
    answer = send_form(client, part(CSV, "a\r\nX-Evil: 1.csv"))

    assert answer.status_code in (415, 422)


@pytest.mark.usefixtures("nothing_is_left")
def test_an_empty_file(client: httpx.Client) -> None:
    assert_problem(send(client, b""), 422, "EMPTY_BODY")
    assert_problem(send(client, iter(())), 422, "EMPTY_BODY")


def endless(first: bytes, sent: list[int]) -> Iterator[bytes]:
    yield first
    for _ in range(10_000):
        sent.append(1)
        yield b"x" * 65_536


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize(("first", "media_type"), [(b"designation\n", "text/csv"), (part(b"")[:-2], FORM)])
def test_a_body_past_the_limit_is_cut_off_early(client: httpx.Client, first: bytes, media_type: str) -> None:
    sent: list[int] = []

    answer = send(client, endless(first, sent), media_type)

    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert len(sent) * 65_536 < 10 * LIMIT


@pytest.mark.usefixtures("nothing_is_left")
def test_a_length_past_the_limit_is_refused_before_the_body(client: httpx.Client) -> None:
    assert_problem(send(client, b"x" * (LIMIT + 1)), 413, "BODY_TOO_LARGE")


def test_a_body_of_just_the_limit_is_read(api: RunningApi, client: httpx.Client) -> None:
    assert source_of(api, send(client, b"x" * LIMIT)).size == LIMIT
    assert source_of(api, send_form(client, part(b"x" * LIMIT))).size == LIMIT


class Broken:
    """A caller that announces a file, sends the first part of it, and goes away."""

    def __init__(self, api: RunningApi, media_type: str, first: bytes) -> None:
        host, port = api.url.removeprefix("http://").split(":")
        self._connection = socket.create_connection((host, int(port)), timeout=20)
        token = api.token_of(api.add_account())
        head = f"POST /api/catalogs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        head += f"Content-Type: {media_type}\r\nContent-Length: {LIMIT}\r\n\r\n"
        self._connection.sendall(head.encode() + first)

    def leave(self) -> None:
        self._connection.close()


@pytest.mark.parametrize(("first", "media_type"), [(b"designation\n", "text/csv"), (part(b"")[:-2], FORM)])
def test_who_leaves_in_the_middle_leaves_nothing(
    api: RunningApi, client: httpx.Client, first: bytes, media_type: str
) -> None:
    before = stored_files(api)
    caller = Broken(api, media_type, first + bytes(2 * MIB))
    wait_for(lambda: stored_files(api) != before, 20, "a file that is being written")

    caller.leave()

    wait_for(lambda: stored_files(api) == before, 20, "the file to be gone")


def test_many_who_leave_leave_nothing(api: RunningApi) -> None:
    before = stored_files(api)
    callers = [Broken(api, "text/csv", bytes(MIB)) for _ in range(40)]  # more than may send at once

    for caller in callers:
        caller.leave()

    wait_for(lambda: stored_files(api) == before, 20, "the files to be gone")
    assert send(api.somebody(), b"x" * MIB).status_code == 202


@pytest.fixture(scope="module")
def process(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api_process(tmp_path_factory.mktemp("large"), shared_redis.broker_url) as running:
        yield running


@pytest.mark.parametrize("as_form", [False, True], ids=["body", "form"])
def test_a_large_file_costs_disk_and_no_memory(process: ApiProcess, as_form: bool) -> None:
    piece, count = os.urandom(MIB), 200
    first, last = (part(b"")[:-2], b"\r\n--b--\r\n") if as_form else (b"", b"")

    def body() -> Iterator[bytes]:
        yield first
        for _ in range(count):
            yield piece
        yield last

    with process.memory_within(50):
        answer = send(process.somebody(), body(), FORM if as_form else "text/csv", timeout=120)

    assert source_of(process, answer).size == count * MIB


def test_four_large_files_at_once_cost_no_memory_either(process: ApiProcess) -> None:
    piece = os.urandom(MIB)
    clients = [process.somebody() for _ in range(4)]
    answers: list[httpx.Response] = []

    def upload(client: httpx.Client) -> None:
        answers.append(send(client, (piece for _ in range(60)), timeout=120))

    with process.memory_within(50):
        threads = [threading.Thread(target=upload, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [answer.status_code for answer in answers] == [202] * 4

"""The client against a server that answers as it is told."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.catalogue_file import CatalogueFile
from cli.client import LOST_TRIES, OUTAGE_TRIES, Client
from cli.predict import predict_product
from shared.catalogues.source import Format
from shared.errors import InvalidInput, ShelfwiseError, TooManyRequests, Unauthenticated, Unavailable
from tests.cli.command import shelfwise
from tests.cli.scripted import CUT_OFF, HANG_UP, SIGNED_IN, Scripted

JOB = {"id": "j1", "finished_at": None}
PASSED = {"code": "BUSY", "detail": "Too busy."}


def sign_in(server: Scripted) -> None:
    with Client(server.url, "ann", "sesame"):
        pass


def test_it_signs_in_submits_and_waits_for_the_end(server: Scripted) -> None:
    done = JOB | {"finished_at": "now"}
    server.script = [SIGNED_IN, (202, JOB), (200, JOB), (200, done)]

    with Client(server.url, "ann", "sesame") as client:
        job = client.wait(client.submit({"designation": "Chaise"})["id"])

    assert job == done
    assert [(asked.method, asked.path, asked.token) for asked in server.asked] == [
        ("POST", "/api/auth", None),
        ("POST", "/api/predict", "Bearer t0ken"),
        ("GET", "/api/jobs/j1", "Bearer t0ken"),
        ("GET", "/api/jobs/j1", "Bearer t0ken"),
    ]
    assert json.loads(server.asked[1].body) == {"designation": "Chaise"}


def test_a_photo_goes_along_with_the_fields(server: Scripted) -> None:
    server.script = [SIGNED_IN, (202, JOB)]

    with Client(server.url, "ann", "sesame") as client:
        client.submit({"designation": "Chaise"}, b"photo's bytes")

    body = server.asked[1].body
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


class Pauses(list[float]):
    """Counts what it was told to sleep, and does not."""

    __call__ = list[float].append


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(server: Scripted, pauses: Pauses) -> Iterator[Client]:
    server.script = [SIGNED_IN]
    with Client(server.url, "ann", "sesame", pauses) as client:
        server.asked.clear()
        yield client


def catalogue(content: bytes = b"designation\nChaise\n", *, gzip: bool = False) -> CatalogueFile:
    return CatalogueFile("spring.csv", len(content), Format.CSV, gzip, io.BytesIO(content))


def submit(client: Client, file: CatalogueFile) -> dict[str, Any]:
    return client.submit_catalogue(file, {"name": "spring"}, "key-1", lambda sent: None)


def test_a_token_that_has_expired_is_replaced(server: Scripted, client: Client) -> None:
    server.script = [
        (401, {"code": "UNAUTHENTICATED", "detail": "Expired."}),
        (200, {"access_token": "an0ther"}),
        (200, JOB),
    ]

    assert client.job("j1") == JOB

    assert [(asked.path, asked.token) for asked in server.asked] == [
        ("/api/jobs/j1", "Bearer t0ken"),
        ("/api/auth", None),
        ("/api/jobs/j1", "Bearer an0ther"),
    ]


def test_an_account_that_is_no_more_is_not_asked_for_again_and_again(server: Scripted, client: Client) -> None:
    server.script = [(401, {"code": "UNAUTHENTICATED", "detail": "No such account."})]

    with pytest.raises(Unauthenticated, match="No such account"):
        client.job("j1")

    assert len(server.asked) == 2


@pytest.mark.parametrize("gzip", [False, True])
def test_a_catalogue_is_the_body_itself(server: Scripted, client: Client, gzip: bool) -> None:
    server.script = [(202, JOB)]
    sent = list[int]()
    content = b"designation\n" + 300_000 * b"x"

    client.submit_catalogue(catalogue(content, gzip=gzip), {"name": "spring"}, "key-1", sent.append)

    (asked,) = server.asked
    assert (asked.method, asked.path, asked.query, asked.body) == ("POST", "/api/catalogs", {"name": "spring"}, content)
    assert asked.headers["Content-Type"] == "text/csv"
    assert asked.headers.get("Content-Encoding") == ("gzip" if gzip else None)
    assert asked.headers["Idempotency-Key"] == "key-1"
    assert (sent[-1], sorted(sent)) == (len(content), sent)


def test_a_catalogue_whose_connection_is_lost_is_sent_again_whole_under_the_same_key(
    server: Scripted, client: Client, pauses: Pauses
) -> None:
    server.script = [HANG_UP, (503, PASSED), (202, JOB)]

    assert submit(client, catalogue()) == JOB

    assert {(asked.headers["Idempotency-Key"], asked.body) for asked in server.asked} == {
        ("key-1", b"designation\nChaise\n")
    }
    assert len(pauses) == len(server.asked) - 1 == 2


def test_a_catalogue_is_sent_again_after_its_token_has_expired(server: Scripted, client: Client) -> None:
    server.script = [(401, {"code": "UNAUTHENTICATED", "detail": "Expired."}), SIGNED_IN, (202, JOB)]

    submit(client, catalogue())

    assert server.asked[0].body == server.asked[2].body == b"designation\nChaise\n"


def test_it_is_not_sent_for_ever(server: Scripted, client: Client) -> None:
    server.script = [HANG_UP]

    with pytest.raises(Unavailable, match="does not answer"):
        submit(client, catalogue())

    assert len(server.asked) == LOST_TRIES


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ((422, {"code": "UNKNOWN_ENCODING", "detail": "There is no such encoding."}), ShelfwiseError),
        ((429, {"code": "QUOTA_ROWS", "detail": "No more rows today."}, {"Retry-After": "40000"}), TooManyRequests),
    ],
)
def test_a_catalogue_that_is_refused_is_not_sent_again(
    server: Scripted, client: Client, refusal: tuple[Any, ...], error: type[ShelfwiseError]
) -> None:
    server.script = [refusal]

    with pytest.raises(error, match=refusal[1]["detail"]):
        submit(client, catalogue())

    assert len(server.asked) == 1


def test_a_watched_job_is_told_of_when_it_changes_and_asked_for_when_the_service_says(
    server: Scripted, client: Client, pauses: Pauses
) -> None:
    done = JOB | {"finished_at": "now"}
    server.script = [
        (200, JOB, {"ETag": 'W/"1"', "Retry-After": "7"}),
        (304, b"", {"ETag": 'W/"1"', "Retry-After": "3"}),
        (200, done, {"ETag": 'W/"2"'}),
    ]

    assert list(client.watch("j1")) == [JOB, done]

    assert [asked.headers.get("If-None-Match") for asked in server.asked] == [None, 'W/"1"', 'W/"1"']
    assert pauses == [7, 3]


def test_a_watched_job_outlives_a_service_that_is_started_again(
    server: Scripted, client: Client, pauses: Pauses
) -> None:
    done = JOB | {"finished_at": "now"}
    server.script = [
        HANG_UP,
        (502, b"<html>"),
        (503, PASSED),
        (429, PASSED, {"Retry-After": "9"}),
        (200, done),
    ]

    assert list(client.watch("j1")) == [done]
    assert pauses[-1] == 9


def test_a_service_that_stays_away_is_not_waited_for_for_ever(server: Scripted, client: Client, pauses: Pauses) -> None:
    server.script = [(503, PASSED)]

    with pytest.raises(Unavailable, match="Too busy"):
        list(client.watch("j1"))

    assert len(server.asked) == OUTAGE_TRIES


def test_lists_are_read_page_by_page_up_to_the_limit(server: Scripted, client: Client) -> None:
    jobs = [{"id": f"j{number}"} for number in range(250)]
    server.script = [
        (200, {"items": jobs[:200], "next_cursor": "c2"}),
        (200, {"items": jobs[200:], "next_cursor": "c3"}),
    ]

    assert client.jobs(249, status="failed") == jobs[:249]

    assert [asked.query for asked in server.asked] == [
        {"limit": "200", "status": "failed"},
        {"limit": "200", "status": "failed", "cursor": "c2"},
    ]


def test_a_list_is_watched_until_no_job_is_open(server: Scripted, client: Client) -> None:
    states = [[JOB], [JOB | {"finished_at": "now"}]]
    server.script = [(200, {"items": jobs, "next_cursor": None}) for jobs in states]

    assert list(client.watch_all(20)) == states


def test_a_download_that_is_cut_off_is_begun_anew_and_is_never_half_a_file(
    server: Scripted, client: Client, tmp_path: Path
) -> None:
    target = tmp_path / "results.csv"
    target.write_text("of yesterday")
    server.script = [CUT_OFF, (200, b"the whole")]

    client.download("/api/jobs/j1/results", target, lambda received: None, format="csv")

    assert target.read_text() == "the whole"
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.csv"]
    assert server.asked[0].query == {"format": "csv"}


def test_a_download_that_fails_leaves_what_was_there(server: Scripted, client: Client, tmp_path: Path) -> None:
    target = tmp_path / "results.csv"
    target.write_text("of yesterday")
    server.script = [CUT_OFF]

    with pytest.raises(Unavailable, match="does not answer"):
        client.download("/api/jobs/j1/results", target, lambda received: None)

    assert [entry.name for entry in tmp_path.iterdir()] == ["results.csv"]
    assert target.read_text() == "of yesterday"


def test_a_refused_download_is_the_services_own_sentence(server: Scripted, client: Client, tmp_path: Path) -> None:
    server.script = [(410, {"code": "ROWS_GONE", "detail": "The rows are no longer kept."})]

    with pytest.raises(ShelfwiseError, match="no longer kept"):
        client.download("/api/jobs/j1/results", tmp_path / "results.csv", lambda received: None)

    assert list(tmp_path.iterdir()) == []


def test_the_command_says_it_in_one_sentence_and_exits_with_1(server: Scripted) -> None:
    server.script = [(401, {"code": "UNAUTHENTICATED", "detail": "Wrong name or password."})]

    done = shelfwise("predict", "--text", "Chaise", "--url", server.url, SHELFWISE_PASSWORD="sesame")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "shelfwise: Wrong name or password.\n")


def test_nothing_to_predict_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="Give a --text, a --description or an --image"):
        predict_product("http://127.0.0.1:1", "ann", None, None, None)

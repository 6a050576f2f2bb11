"""A catalogue in: POST /api/catalogs."""

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from migrations.upgrade import upgrade
from shared.lanes import Lane
from shared.store import ObjectStore
from tests.api.catalogues import (
    CSV,
    FORM,
    batches_of,
    job_of,
    jobs_of,
    part,
    send,
    send_form,
    source_of,
    stored_files,
)
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer
from tests.support.waiting import wait_for

FORMATS = {
    "text/csv": "csv",
    "Text/CSV; charset=utf-8; header=present": "csv",
    "text/tab-separated-values": "tsv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
}


def test_a_file_is_accepted_as_a_job_that_reads_it(api: RunningApi, client: httpx.Client) -> None:
    answer = send(client, CSV, params={"name": "Autumn range"})

    row, job = job_of(api, answer), answer.json()
    assert (row.kind, row.name, row.total, row.intake_done) == ("catalogue", "Autumn range", 0, False)
    assert batches_of(api, row.id) == [("intake", "io", "queued")]
    assert answer.headers["location"] == f"/api/jobs/{row.id}"
    assert answer.headers["retry-after"] == "1"
    assert (job["kind"], job["status"], job["progress"], job["eta_seconds"]) == ("catalogue", "queued", 0.0, None)
    assert client.get(answer.headers["location"]).json()["source"] == job["source"]


def test_its_bytes_are_in_the_store_with_their_size_and_hash(api: RunningApi, client: httpx.Client) -> None:
    content = b"designation\n" + b"Chaise\n" * 700_000

    answer = send(client, content)

    source = source_of(api, answer)
    assert ObjectStore(api.settings.store).get(source.key) == content
    assert (source.size, source.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert job_of(api, answer).source_key == source.key
    assert client.get("/api/users/me/usage").json()["stored_bytes"] == len(content)


def test_a_body_without_a_length_is_a_file_too(api: RunningApi, client: httpx.Client) -> None:
    answer = send(client, (b"designation\n" for _ in range(100_000)))

    assert source_of(api, answer).size == 1_200_000


@pytest.mark.parametrize("media_type", FORMATS)
def test_the_media_type_says_which_kind_of_file_it_is(api: RunningApi, client: httpx.Client, media_type: str) -> None:
    assert source_of(api, send(client, CSV, media_type)).format == FORMATS[media_type]


def test_format_says_so_first(api: RunningApi, client: httpx.Client) -> None:
    assert source_of(api, send(client, CSV, "text/csv", params={"format": "tsv"})).format == "tsv"


@pytest.mark.parametrize(
    ("media_type", "more"),
    [
        ("text/csv", {"headers": {"Content-Encoding": "gzip"}}),
        ("text/csv", {"headers": {"Content-Encoding": "GZIP"}}),
        ("application/gzip", {"params": {"format": "csv"}}),
        ("application/x-gzip", {"params": {"format": "ndjson"}}),
    ],
)
def test_a_compressed_text_is_stored_as_it_came(
    api: RunningApi, client: httpx.Client, media_type: str, more: dict[str, Any]
) -> None:
    source = source_of(api, send(client, gzip.compress(CSV), media_type, **more))

    assert gzip.decompress(ObjectStore(api.settings.store).get(source.key)) == CSV


def test_what_the_query_says_of_the_file_is_kept(api: RunningApi, client: httpx.Client) -> None:
    query = {
        "columns": ["designation:Titre,description:Texte: complet", '{"image": "Photo, grande"}', "product_id:ref é"],
        "encoding": "Latin-1",
        "delimiter": "semicolon",
        "expires_in": "3600",
    }

    answer = send(client, CSV, params=query)

    columns = {
        "designation": "Titre",
        "description": "Texte: complet",
        "image": "Photo, grande",
        "product_id": "ref é",
    }
    source, job = source_of(api, answer), job_of(api, answer)
    assert (source.columns, source.encoding, source.delimiter) == (columns, "iso8859-1", ";")
    assert (job.deadline - job.created_at).total_seconds() == 3600
    shown = answer.json()["source"]
    assert (shown["columns"], shown["encoding"], shown["delimiter"]) == (columns, "iso8859-1", ";")
    assert (shown["header"], shown["compressed"]) == (None, None)


@pytest.mark.parametrize(
    ("given", "meant"), [(",", ","), (";", ";"), ("|", "|"), ("\t", "\t"), ("tab", "\t"), ("pipe", "|"), ("^", "^")]
)
def test_a_delimiter_is_a_name_or_the_character(api: RunningApi, client: httpx.Client, given: str, meant: str) -> None:
    assert source_of(api, send(client, CSV, params={"delimiter": given})).delimiter == meant


@pytest.mark.parametrize(
    ("filename", "more", "query", "wanted"),
    [
        ("autumn.csv", "", {}, "csv"),
        ("AUTUMN.XLSX", "", {}, "xlsx"),
        ("autumn.ndjson.gz", "", {}, "ndjson"),
        ("autumn.v2.parquet", "Content-Type: text/csv\r\n", {}, "parquet"),
        ("autumn", "Content-Type: application/zip\r\n", {}, "zip"),
        ("autumn.txt", "Content-Type: text/plain\r\n", {"format": "tsv"}, "tsv"),
        ("autumn.txt", "Content-Type: text/plain\r\n", {}, "csv"),
        ("autumn.csv", "", {"format": "zip"}, "zip"),
    ],
)
def test_a_file_in_a_form_is_told_by_format_then_name_then_type(
    api: RunningApi, client: httpx.Client, filename: str, more: str, query: dict[str, str], wanted: str
) -> None:
    answer = send_form(client, part(CSV, filename, more=more), params=query)

    source = source_of(api, answer)
    assert (source.format, source.filename) == (wanted, filename)
    assert ObjectStore(api.settings.store).get(source.key) == CSV


def test_a_form_of_any_client_is_a_form(api: RunningApi, client: httpx.Client) -> None:
    content = b"\r\n--\r\n-" * 300_000  # nearly boundaries

    answer = client.post("/api/catalogs", files={"file": ("autumn.csv", content, "text/csv")})

    assert ObjectStore(api.settings.store).get(source_of(api, answer).key) == content


def test_a_file_need_not_have_a_name(api: RunningApi, client: httpx.Client) -> None:
    answer = send(
        client,
        b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\na,b\r\n--b--\r\n',
        FORM,
        params={"format": "csv"},
    )

    source = source_of(api, answer)
    assert source.filename is None
    assert ObjectStore(api.settings.store).get(source.key) == b"a,b"


def test_a_wake_up_is_on_the_queue_after_the_answer(client: httpx.Client, queue: "redis.Redis") -> None:
    queue.delete(str(Lane.IO))

    send(client, CSV)

    wait_for(lambda: queue.llen(str(Lane.IO)) == 1, seconds=10, what="ringing")


def test_the_same_key_and_content_lead_to_the_same_job(api: RunningApi, client: httpx.Client) -> None:
    key = {"Idempotency-Key": "autumn"}
    first = send(client, CSV, headers=key, params={"columns": "designation:a,description:b"})
    before = stored_files(api)

    other_columns = {"columns": ["description:b", "designation:a"]}  # the same, in other words
    second = send_form(client, part(CSV), headers={"Idempotency-Key": '"autumn"'}, params=other_columns)

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json()["id"] == first.json()["id"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert stored_files(api) == before
    assert client.get("/api/users/me/usage").json()["stored_bytes"] == len(CSV)


@pytest.mark.parametrize(
    "other",
    [
        {"content": CSV + b"Lampe,\n"},
        {"params": {"name": "another"}},
        {"params": {"delimiter": ","}},
        {"params": {"encoding": "utf-8"}},
        {"params": {"columns": "designation:description"}},
        {"params": {"expires_in": "60"}},
        {"media_type": "text/tab-separated-values"},
    ],
)
def test_another_content_under_a_key_is_refused_and_not_kept(
    api: RunningApi, client: httpx.Client, other: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "winter"}
    send(client, CSV, headers=key).raise_for_status()
    before = stored_files(api)

    answer = send(client, **{"content": CSV, "headers": key, **other})

    assert_problem(answer, 409, "IDEMPOTENCY_KEY_REUSED")
    assert stored_files(api) == before
    assert len(jobs_of(client)) == 1


def test_a_key_of_a_product_is_no_key_of_a_catalogue(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "mixed"}
    client.post("/api/predict", json={"designation": "Chaise"}, headers=key).raise_for_status()

    assert_problem(send(client, CSV, headers=key), 409, "IDEMPOTENCY_KEY_REUSED")


def test_fifty_at_once_under_one_key_come_to_one_job_and_one_file(api: RunningApi, client: httpx.Client) -> None:
    before = stored_files(api)
    key = {"Idempotency-Key": "all-at-once"}

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: send(client, CSV, headers=key), range(50)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 49
    assert len(stored_files(api) - before) == 1


@pytest.mark.parametrize(
    ("settings", "status", "code"),
    [
        ({"disk_reserve_bytes": 2**60}, 507, "STORAGE_FULL"),
        ({"quota_stored_bytes": 1}, 507, "QUOTA_STORED_BYTES"),
    ],
)
def test_what_there_is_no_room_for_is_not_stored(
    shared_redis: RedisServer, tmp_path: Path, settings: dict[str, int], status: int, code: str
) -> None:
    limited = settings_for(tmp_path, shared_redis.broker_url, **settings)
    upgrade(limited.database)
    with serve(limited) as api:
        client = api.somebody()

        answer = send(client, CSV)

        assert_problem(answer, status, code)
        assert "retry-after" in answer.headers
        assert stored_files(api) == set()
        assert jobs_of(client) == []


def test_who_has_no_rows_left_today_need_not_send_anything(shared_redis: RedisServer, tmp_path: Path) -> None:
    limited = settings_for(tmp_path, shared_redis.broker_url, quota_rows_per_day=1)
    upgrade(limited.database)
    with serve(limited) as api:
        client = api.somebody()
        client.post("/api/predict", json={"designation": "Chaise"}).raise_for_status()

        assert_problem(send(client, CSV), 429, "QUOTA_ROWS")

        assert stored_files(api) == set()


def test_who_sends_again_what_has_used_up_the_quota_gets_its_job(shared_redis: RedisServer, tmp_path: Path) -> None:
    limited = settings_for(tmp_path, shared_redis.broker_url, quota_rows_per_day=1, quota_stored_bytes=len(CSV))
    upgrade(limited.database)
    with serve(limited) as api:
        client, key = api.somebody(), {"Idempotency-Key": "autumn"}
        first = send(client, CSV, headers=key)
        assert first.status_code == 202
        client.post("/api/predict", json={"designation": "Chaise"}).raise_for_status()

        again = send(client, CSV, headers=key)

        assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
        assert_problem(send(client, CSV + b"x", headers=key), 409, "IDEMPOTENCY_KEY_REUSED")
        assert_problem(send(client, CSV, headers={"Idempotency-Key": "other"}), 429, "QUOTA_ROWS")
        assert len(stored_files(api)) == 1

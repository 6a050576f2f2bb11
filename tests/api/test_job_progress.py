"""How far a job is, also while nobody knows how many rows its file has."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update

from shared.answers.jobs import JobAnswer
from shared.catalogues.source import Format, Layout, Source
from shared.identifiers import new_id, now
from shared.jobs import JobRecord, job_by_id
from shared.lifecycle import JobStatus
from shared.tables import Job, Prediction
from tests.api.catalogues import CSV, send
from tests.api.conftest import RunningApi

LAYOUT = Layout(
    format=Format.CSV,
    gzip=True,
    encoding="utf-8",
    delimiter=";",
    header=("ref", "Titre"),
    columns={"designation": "Titre"},
)


@pytest.fixture
def catalogue(api: RunningApi, client: httpx.Client) -> JobRecord:
    """A catalogue's job, just accepted."""
    job_id = send(client, CSV, params={"encoding": "latin-1"}).json()["id"]
    with api.database.read() as connection:
        return job_by_id(connection, job_id)


def shown(catalogue: JobRecord, **changed: Any) -> JobAnswer:
    """The answer for the job when it has been running for ten seconds and is as far as that."""
    moment = now()
    running = {"status": JobStatus.RUNNING, "started_at": moment - timedelta(seconds=10), "finished_at": None}
    return JobAnswer.of(replace(catalogue, **{**running, **changed}), None)


@pytest.mark.parametrize(
    ("total", "done", "read_share", "intake_done", "progress", "rows_left"),
    [
        (0, 0, 0.0, False, 0.0, None),  # nothing has been read yet
        (100, 0, 0.1, False, 0.0, None),  # nothing is done yet
        (100, 50, 0.1, False, 0.05, 950),
        (100, 100, 0.5, False, 0.5, 100),
        (1000, 1000, 0.9999, False, 0.999, 0),  # the end has not been seen
        (100, 50, 0.0, False, 0.0, None),  # of a file that does not say how far it is read
        (100, 50, 1.0, True, 0.5, 50),
        (1000, 500, 1.0, True, 0.5, 500),
        (10_000, 9_999, 1.0, True, 0.999, 1),  # not all of it
        (100, 100, 1.0, True, 1.0, 0),
    ],
)
def test_progress_is_a_share_of_all_rows_that_are_to_be_expected(
    catalogue: JobRecord,
    total: int,
    done: int,
    read_share: float,
    intake_done: bool,
    progress: float,
    rows_left: int | None,
) -> None:
    answer = shown(catalogue, total=total, succeeded=done, read_share=read_share, intake_done=intake_done)

    assert answer.progress == progress
    assert answer.counts.pending == total - done
    if rows_left is None:
        assert answer.eta_seconds is None
    else:
        assert answer.rows_per_second == pytest.approx(done / 10, rel=0.05)
        assert answer.eta_seconds == pytest.approx(rows_left / (done / 10), rel=0.05, abs=0.1)


@pytest.mark.parametrize(
    ("status", "total", "done", "intake_done", "progress"),
    [
        (JobStatus.SUCCEEDED, 100, 100, True, 1.0),
        (JobStatus.CANCELED, 100, 40, True, 0.4),
        (JobStatus.CANCELED, 100, 40, False, 0.2),
        (JobStatus.FAILED, 0, 0, False, 1.0),  # a file that cannot be read
    ],
)
def test_a_job_that_has_ended_stays_where_it_is(
    catalogue: JobRecord, status: JobStatus, total: int, done: int, intake_done: bool, progress: float
) -> None:
    answer = shown(
        catalogue,
        status=status,
        total=total,
        succeeded=done,
        read_share=0.5,
        intake_done=intake_done,
        finished_at=now(),
    )

    assert (answer.progress, answer.eta_seconds) == (progress, None)


def test_how_a_file_is_read_is_shown_once_it_is_known(catalogue: JobRecord) -> None:
    assert catalogue.source is not None
    before = shown(catalogue).source
    after = shown(catalogue, source=catalogue.source.model_copy(update={"layout": LAYOUT})).source

    assert before is not None
    assert after is not None
    assert (before.encoding, before.delimiter, before.header, before.compressed) == ("iso8859-1", None, None, None)
    assert (after.encoding, after.delimiter, after.header, after.compressed) == ("utf-8", ";", ["ref", "Titre"], True)
    assert after.columns == {"designation": "Titre"}
    assert isinstance(catalogue.source, Source)


def test_a_files_header_is_left_to_the_job_itself(api: RunningApi, client: httpx.Client, catalogue: JobRecord) -> None:
    """It may be half a megabyte, too much for each of a list or of a stream of events."""
    assert catalogue.source is not None
    source = catalogue.source.model_copy(update={"layout": LAYOUT})
    with api.database.begin() as connection:
        values = {"source": source.stored(), "status": JobStatus.SUCCEEDED, "version": 2}
        connection.execute(update(Job).where(Job.id == catalogue.id).values(values))

    shown_alone = client.get(f"/api/jobs/{catalogue.id}").json()["source"]
    (listed,) = client.get("/api/jobs").json()["items"]
    events = client.get(f"/api/jobs/{catalogue.id}/events").text
    (sent,) = [line.removeprefix("data: ") for line in events.splitlines() if line.startswith("data: ")]

    assert shown_alone["header"] == ["ref", "Titre"]
    assert listed["source"] == json.loads(sent)["source"] == {**shown_alone, "header": None}


def test_a_file_that_could_not_be_read_says_why(api: RunningApi, client: httpx.Client, catalogue: JobRecord) -> None:
    error = {"code": "MISSING_COLUMN", "message": "There is no such column.", "column": "Titre"}
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == catalogue.id).values(status=JobStatus.FAILED, error=error))

    assert client.get(f"/api/jobs/{catalogue.id}").json()["error"] == error


def test_jobs_lead_to_what_belongs_to_them(client: httpx.Client, catalogue: JobRecord) -> None:
    path = f"/api/jobs/{catalogue.id}"

    links = client.get(path).json()["links"]

    parts = {part: f"{path}/{part}" for part in ("results", "errors", "events")}
    assert links == {"self": path, **parts}


def test_rows_of_labelled_data_are_no_predictions(api: RunningApi) -> None:
    account = api.add_account()
    job_id = new_id()
    error = {"code": "UNKNOWN_CATEGORY", "message": "There is no such category."}
    with api.database.begin() as connection:
        connection.execute(insert(Job).values(id=job_id, owner_id=account.id, kind="ingest", deadline=now()))
        connection.execute(insert(Prediction).values(job_id=job_id, owner_id=account.id, row=0, error=error))
    client = api.client(account)

    assert client.get("/api/predictions").json()["items"] == []
    assert client.get("/api/predictions", params={"job": job_id}).json()["items"] == []

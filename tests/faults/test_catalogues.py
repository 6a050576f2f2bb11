"""Whole catalogues with the real processes: whatever dies in the middle, each row has one answer in the end."""

from collections import Counter
from datetime import datetime, timedelta

import httpx
import pytest

from tests.conftest import only_on_sqlite
from tests.faults.conftest import SWEEP_SECONDS, StartService
from tests.support.sent_catalogues import ROWS, assert_each_row_once, counts, csv_of, results, send, wait_until
from tests.support.service import PASSWORD, Service, ended
from tests.support.waiting import wait_for

DEADLINE_SECONDS = 7


@pytest.mark.parametrize(
    ("victim", "database_url"),
    [("worker-io", "sqlite"), ("worker-io", "postgresql"), ("redis", "sqlite"), ("api", "sqlite")],
    indirect=["database_url"],
)
def test_a_part_that_is_killed_while_a_file_is_read_loses_no_row(start_service: StartService, victim: str) -> None:
    service = start_service()
    with service.client() as client:
        job_id = send(client, csv_of(ROWS))
        so_far = wait_until(client, job_id, lambda found: found["total"] > 0)
        service.kill(victim)
        assert so_far["total"] < ROWS, "the file had been read before the part was killed"
        wait_for(lambda: answering(service), 60, "the API")

        (job,) = ended(client, [job_id], 120)

        assert (job["status"], job["counts"]["total"], job["counts"]["succeeded"]) == ("succeeded", ROWS, ROWS)
        assert_each_row_once(client, job_id, ROWS)


def test_a_model_worker_that_is_killed_in_the_middle_of_a_catalogue_loses_no_row(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        job_id = send(client, csv_of(ROWS))
        wait_until(client, job_id, lambda found: found["succeeded"] > ROWS / 10)
        service.kill("worker-model")
        wait_until(client, job_id, lambda found: found["succeeded"] > ROWS / 2)
        service.kill("worker-model")

        (job,) = ended(client, [job_id], 120)

        assert job["counts"]["succeeded"] == ROWS
        assert_each_row_once(client, job_id, ROWS)


def test_sigterm_in_the_middle_of_a_catalogue_loses_no_row(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        job_id = send(client, csv_of(ROWS))
        wait_until(client, job_id, lambda found: found["succeeded"] > 0)
    assert service.terminate(30) == 0

    again = start_service()
    with again.client() as client:
        (job,) = ended(client, [job_id], 120)
        assert job["counts"]["succeeded"] == ROWS
        assert_each_row_once(client, job_id, ROWS)


@only_on_sqlite
def test_a_few_rows_of_another_owner_are_done_before_a_flood_has_gone_on_by_a_twentieth(
    start_service: StartService,
) -> None:
    flood = 200_000
    service = start_service("Slow")
    with service.client() as admin:
        somebody(admin, "another")
        long = send(admin, csv_of(flood))
        wait_until(admin, long, lambda found: found["succeeded"] > 0)
        with service.client("another") as another:
            before = counts(admin, long)["succeeded"]
            short = send(another, csv_of(100, "other"))
            (job,) = ended(another, [short])
            advanced = counts(admin, long)["succeeded"] - before
        admin.post(f"/api/jobs/{long}/cancel").raise_for_status()

    assert job["counts"]["succeeded"] == 100
    assert advanced < flood / 20


def test_a_canceled_catalogue_gets_no_more_answers(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        job_id = send(client, csv_of(ROWS))
        wait_until(client, job_id, lambda found: found["succeeded"] > 0)

        canceled = client.post(f"/api/jobs/{job_id}/cancel").raise_for_status().json()

        assert_cut_short(client, job_id, "canceled", canceled["counts"]["succeeded"])


def test_a_catalogue_whose_deadline_passes_keeps_the_answers_that_it_has(start_service: StartService) -> None:
    service = start_service("VerySlow")  # which takes twice the time for so many rows
    with service.client() as client:
        job_id = send(client, csv_of(ROWS), expires_in=DEADLINE_SECONDS)

        (expired,) = ended(client, [job_id])

        late = datetime.fromisoformat(expired["finished_at"]) - datetime.fromisoformat(expired["expires_at"])
        assert timedelta(0) < late < timedelta(seconds=5 * SWEEP_SECONDS)
        assert_cut_short(client, job_id, "expired", expired["counts"]["succeeded"])


def assert_cut_short(client: httpx.Client, job_id: str, status: str, answered: int) -> None:
    """A job of ROWS rows ended before they were done: those that were keep their answers, and no more come."""
    ended(client, [send(client, csv_of(3, "behind"))])  # so whoever was at its rows has come to their end
    found = results(client, job_id)
    assert len(found) == ROWS
    assert 0 < answered < ROWS
    assert len([row for row in found if row["prediction"]]) == answered == counts(client, job_id)["succeeded"]
    assert Counter(row["status"] for row in found) == {"succeeded": answered, status: ROWS - answered}


def somebody(admin: httpx.Client, name: str) -> None:
    """Make another account."""
    admin.post("/api/users", json={"username": name, "password": PASSWORD, "role": "user"}).raise_for_status()


def answering(service: Service) -> bool:
    try:
        return httpx.get(f"{service.url}/health/ready", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False

"""A poison row costs itself; its neighbours get their predictions."""

from collections import Counter
from contextlib import closing

import httpx
import pytest
from sqlalchemy import select

from shared.database import Database
from shared.ledger.failure import TRIES
from shared.tables import Batch, Prediction
from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.ledger import accept_catalogue
from tests.support.predictors import POISON
from tests.support.service import ended, submit

TITLES = [f"title {number}" for number in range(63)]
ROWS, POISONED_ROW = 1024, 700


@pytest.mark.parametrize(
    ("predictor", "database_url"),
    [
        ("KillsOnPoison", "sqlite"),
        ("KillsOnPoison", "postgresql"),
        ("RaisesOnPoison", "sqlite"),
        ("ForgetsRowsOnPoison", "sqlite"),
        ("HangsOnPoison", "sqlite"),
    ],
    indirect=["database_url"],
)
def test_one_poison_product_among_64_claimed_together_costs_only_itself(
    start_service: StartService, predictor: str
) -> None:
    service = start_service(predictor, stall_seconds=2)
    with service.client() as client:
        with service.paused("worker-model"):
            good = submit(client, *TITLES)
            (poisoned,) = submit(client, POISON)

        jobs = {job["id"]: job for job in ended(client, [*good, poisoned], seconds=120)}
        (afterwards,) = ended(client, submit(client, "one more"))

    assert Counter(job["status"] for job in jobs.values()) == {"succeeded": 63, "failed": 1}
    assert jobs[poisoned]["prediction"]["error"]["code"] == "PREDICTION_FAILED"
    assert afterwards["status"] == "succeeded"


# One killer takes twelve workers along: ten until it is alone, and two more. Three take turns, which halves the time.
@only_on_sqlite
def test_one_killer_in_a_batch_of_a_thousand_rows_costs_only_its_own(start_service: StartService) -> None:
    service = start_service("KillsOnPoison", model_workers=3)
    with service.client() as client, closing(Database(service.database_url)) as database:
        titles = [f"title {number}" for number in range(ROWS)]
        titles[POISONED_ROW] = POISON
        job_id = accept_catalogue(database, client.get("/api/users/me").json()["id"], *titles)

        (job,) = ended(client, [job_id], seconds=240)

        assert (job["status"], job["counts"]["succeeded"]) == ("partially_succeeded", ROWS - 1)
        assert row_errors(client, job_id) == [(POISONED_ROW, "PREDICTION_FAILED")]
        assert failures_of(database, job_id, POISONED_ROW) == TRIES


def row_errors(client: httpx.Client, job_id: str) -> list[tuple[int, str]]:
    page = client.get(f"/api/jobs/{job_id}/errors").raise_for_status().json()
    return [(error["row"], error["code"]) for error in page["items"]]


def failures_of(database: Database, job_id: str, row: int) -> int:
    """How many tries the batch has lost in which a row ended."""
    with database.read() as connection:
        batch = select(Batch.failures).join(Prediction, Prediction.batch_id == Batch.id)
        return connection.execute(batch.where(Prediction.job_id == job_id, Prediction.row == row)).scalar_one()

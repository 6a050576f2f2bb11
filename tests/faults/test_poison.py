"""A poison row costs itself; its neighbours get their predictions."""

from collections import Counter

import pytest

from tests.faults.conftest import StartService
from tests.support.predictors import POISON
from tests.support.service import ended, submit

TITLES = [f"title {number}" for number in range(63)]


@pytest.mark.parametrize("predictor", ["KillsOnPoison", "RaisesOnPoison", "ForgetsRowsOnPoison", "HangsOnPoison"])
def test_one_poison_product_among_64_claimed_together_costs_only_itself(
    start_service: StartService, predictor: str
) -> None:
    service = start_service(predictor, stall_seconds=2)
    with service.client() as client:
        with service.paused("worker-model"):
            good = submit(client, *TITLES)
            (poisoned,) = submit(client, POISON)

        jobs = {job["id"]: job for job in ended(client, [*good, poisoned], seconds=120)}

    assert Counter(job["status"] for job in jobs.values()) == {"succeeded": 63, "failed": 1}
    assert jobs[poisoned]["prediction"]["error"]["code"] == "PREDICTION_FAILED"

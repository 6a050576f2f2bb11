"""A request that is sent again, because its answer was lost, is the same job."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from shared.identifiers import new_id
from tests.faults.conftest import StartService
from tests.support.service import ended


def test_a_product_that_is_sent_fifty_times_at_once_is_answered_once(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client:
        key = {"Idempotency-Key": new_id()}

        def send(title: str) -> httpx.Response:
            return client.post("/api/predict", json={"designation": title}, headers=key)

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(send, ["title"] * 50))

        assert {answer.status_code for answer in answers} == {202}
        (job_id,) = {answer.json()["id"] for answer in answers}
        assert ended(client, [job_id])[0]["status"] == "succeeded"
        assert sum(service.calls(1)) == 1
        assert send("another title").status_code == 409

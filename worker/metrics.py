"""What a worker process counts: model calls, what was booked, deliveries, and leases that ran out."""

import time
from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from shared.identifiers import made_at
from shared.metrics.registry import new_registry
from shared.metrics.work import WorkMetrics

SWEPT = "swept"  # in the place of a lane: a sweep gives up what has failed for the last time on all of them at once
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ANSWER_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
DELIVERY_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60)


class WorkerMetrics(WorkMetrics):
    """The metrics of one worker, of either kind; what it never does stays at nothing."""

    def __init__(self) -> None:
        self.registry = new_registry()
        super().__init__(self.registry)
        self._call_rows = Histogram(
            "shelfwise_model_call_rows", "Rows of one model call.", ["lane"], buckets=ROWS, registry=self.registry
        )
        self._call_seconds = Histogram(
            "shelfwise_model_call_duration_seconds",
            "How long one model call took.",
            ["lane"],
            buckets=CALL_SECONDS,
            registry=self.registry,
        )
        self._answer_seconds = Histogram(
            "shelfwise_product_answer_duration_seconds",
            "From the acceptance of a single product to its stored answer.",
            buckets=ANSWER_SECONDS,
            registry=self.registry,
        )
        self._deliveries = Counter(
            "shelfwise_webhook_tries",
            "Tries to deliver a webhook: delivered, failed (to be tried again), dead (for the last time), or lost.",
            ["outcome"],
            registry=self.registry,
        )
        self._delivery_seconds = Histogram(
            "shelfwise_webhook_try_duration_seconds",
            "How long the receiver of a webhook took to answer, or to fail.",
            buckets=DELIVERY_SECONDS,
            registry=self.registry,
        )
        self._leases_expired = Counter(
            "shelfwise_leases_expired", "Leases that ran out, which the sweep took away.", registry=self.registry
        )

    def called(self, lane: str, rows: int, seconds: float) -> None:
        """Count a call of the models."""
        self._call_rows.labels(lane).observe(rows)
        self._call_seconds.labels(lane).observe(seconds)

    def answered(self, job_ids: Iterable[str]) -> None:
        """Note that single products have their answers; the ids of their jobs say since when they waited for them."""
        moment = time.time()
        for job_id in job_ids:
            self._answer_seconds.observe(max(0.0, moment - made_at(job_id)))

    def tried(self, outcome: str, seconds: float) -> None:
        """Count a try of a delivery."""
        self._deliveries.labels(outcome).inc()
        self._delivery_seconds.observe(seconds)

    def leases_expired(self, number: int) -> None:
        """Count leases that were taken away from whoever had them."""
        self._leases_expired.inc(number)

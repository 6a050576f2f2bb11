"""Work: jobs that begin and end, rows that are finished, and rings that fail. The same in every process."""

from collections import Counter as Counted

from prometheus_client import CollectorRegistry, Counter

from shared.ledger.settle import Ended


class WorkMetrics:
    """Counts what this process has committed; nothing that was rolled back."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter("shelfwise_jobs_accepted", "Jobs accepted.", ["kind"], registry=registry)
        self._ended = Counter(
            "shelfwise_jobs_ended", "Jobs ended, by the status they ended with.", ["kind", "status"], registry=registry
        )
        self._rows = Counter(
            "shelfwise_rows_finished",
            "Rows finished: answered by a model, answered from an earlier result, or ended with an error.",
            ["lane", "outcome"],
            registry=registry,
        )
        self._ring_failures = Counter(
            "shelfwise_ring_failures",
            "Wake-ups that Redis did not take; each is tried again.",
            ["queue"],
            registry=registry,
        )

    def accepted(self, kind: str) -> None:
        """Count a new job."""
        self._accepted.labels(kind).inc()

    def ended(self, ended: Ended) -> None:
        """Count jobs that have ended."""
        for (kind, status), number in Counted((ended.kinds[job_id], end) for job_id, end in ended.items()).items():
            self._ended.labels(kind, status).inc(number)

    def booked(self, lane: str, ended: Ended) -> None:
        """Count what a transaction has done to rows that waited on a lane, and the jobs that ended by it."""
        self.ended(ended)
        rows = ended.rows
        for outcome, number in (
            ("answered", rows.succeeded - rows.reused),
            ("reused", rows.reused),
            ("error", rows.failed),
        ):
            if number:
                self._rows.labels(lane, outcome).inc(number)

    def ring_failed(self, queue: str) -> None:
        """Count a wake-up that could not be sent."""
        self._ring_failures.labels(queue).inc()

"""A job has been accepted: it is counted, and its id stands in the log beside that of the request that made it."""

from api.metrics import ApiMetrics
from shared.ledger.submission import Accepted
from shared.logs import get_logger


def note_accepted(metrics: ApiMetrics, accepted: Accepted, kind: str) -> None:
    """Note a new job, in the context of its request; one that was there already is none."""
    if not accepted.replayed:
        metrics.accepted(kind)
        get_logger().info("job.accepted", job=accepted.job_id, kind=kind)

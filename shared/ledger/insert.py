"""Insert jobs of one product, with their batches and rows: three statements, however many there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.reuse import reuse_key
from shared.ledger.submission import Submission
from shared.ledger.turns import next_turns
from shared.tables import Batch, Job, Prediction


def insert_products(connection: Connection, fresh: Sequence[tuple[str, Submission]]) -> None:
    """Insert a job under each of these new ids, each batch last in its owner's line."""
    moment = now()
    connection.execute(_JOB, [_job(job_id, sent, moment) for job_id, sent in fresh])
    turns = _Turns(connection, fresh)
    batches = [_batch(job_id, sent, turns.next(sent), moment) for job_id, sent in fresh]
    batch_ids = connection.scalars(_BATCH, batches).all()
    rows = zip(fresh, batch_ids, strict=True)
    connection.execute(_ROW, [_row(job_id, sent, batch_id, moment) for (job_id, sent), batch_id in rows])


_JOB = insert(Job)
_BATCH = insert(Batch).returning(Batch.id, sort_by_parameter_order=True)
_ROW = insert(Prediction)


def _job(job_id: str, sent: Submission, moment: datetime) -> dict[str, Any]:
    return {
        "id": job_id,
        "owner_id": sent.owner_id,
        "kind": "product",
        "total": 1,
        "intake_done": True,
        "idempotency_key": sent.idempotency_key,
        "content_hash": sent.content_hash if sent.idempotency_key else None,
        "webhook_endpoint_id": sent.webhook_endpoint_id,
        "created_at": moment,
        "deadline": moment + sent.deadline,
    }


def _batch(job_id: str, sent: Submission, turn: int, moment: datetime) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "owner_id": sent.owner_id,
        "kind": _kind(sent.lane),
        "lane": sent.lane,
        "rows": 1,
        "photos": int(sent.product.image is not None),
        "turn": turn,
        "queued_at": moment,
    }


def _kind(lane: Lane) -> str:
    """What is done first for a product on a lane."""
    return "fetch" if lane == Lane.IO else "predict"


def _row(job_id: str, sent: Submission, batch_id: int, moment: datetime) -> dict[str, Any]:
    product, input_hash = sent.product, sent.product.input_hash
    return {
        "job_id": job_id,
        "owner_id": sent.owner_id,
        "batch_id": batch_id,
        "row": 0,
        "product_id": product.product_id,
        "designation": product.designation,
        "description": product.description,
        "image": product.image,
        "image_url": product.image_url,
        "input_hash": input_hash,
        "reuse_key": reuse_key(sent.owner_id, input_hash),
        "created_at": moment,
    }


class _Turns:
    """The turns of new batches, each last in its owner's line."""

    def __init__(self, connection: Connection, fresh: Sequence[tuple[str, Submission]]) -> None:
        owners: dict[Lane, set[str]] = {}
        for _, sent in fresh:
            owners.setdefault(sent.lane, set()).add(sent.owner_id)
        self._next: dict[tuple[Lane, str], int] = {}
        for lane, of_lane in owners.items():
            for owner_id, turn in next_turns(connection, lane, of_lane, _kind(lane)).items():
                self._next[lane, owner_id] = turn

    def next(self, sent: Submission) -> int:
        place = sent.lane, sent.owner_id
        self._next[place] += 1
        return self._next[place] - 1

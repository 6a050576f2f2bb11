"""Accept: one transaction that makes a job with its batch and rows, before anybody is told `202`."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, insert, select

from shared.identifiers import now
from shared.lanes import Lane
from shared.lifecycle import OPEN_BATCH, in_states
from shared.tables import Batch, Job, Prediction


@dataclass(frozen=True, slots=True)
class ProductInput:
    """What is known of a product before it is predicted; `image` is the SHA-256 of a stored photo."""

    product_id: str | None = None
    designation: str | None = None
    description: str | None = None
    image: str | None = None

    @property
    def input_hash(self) -> str:
        """SHA-256 over all that the models see: equal hashes mean equal answers from one bundle."""
        seen = json.dumps([self.designation, self.description, self.image], ensure_ascii=False)
        return hashlib.sha256(seen.encode()).hexdigest()


def accept_product(connection: Connection, owner_id: str, product: ProductInput, deadline: timedelta) -> str:
    """Insert a job of one product on the interactive lane, and return its id."""
    moment = now()
    job_id = connection.execute(
        insert(Job)
        .values(
            owner_id=owner_id, kind="product", total=1, intake_done=True, created_at=moment, deadline=moment + deadline
        )
        .returning(Job.id)
    ).scalar_one()
    batch_id = _insert_batch(connection, job_id, owner_id, photos=int(product.image is not None))
    connection.execute(
        insert(Prediction).values(
            job_id=job_id,
            owner_id=owner_id,
            batch_id=batch_id,
            row=0,
            product_id=product.product_id,
            designation=product.designation,
            description=product.description,
            image=product.image,
            input_hash=product.input_hash,
            created_at=moment,
        )
    )
    return job_id


def _insert_batch(connection: Connection, job_id: str, owner_id: str, photos: int) -> int:
    """A batch of one product, last in its owner's line."""
    return connection.execute(
        insert(Batch)
        .values(
            job_id=job_id,
            owner_id=owner_id,
            kind="predict",
            lane=Lane.INTERACTIVE,
            rows=1,
            photos=photos,
            turn=next_turn(connection, Lane.INTERACTIVE, owner_id),
        )
        .returning(Batch.id)
    ).scalar_one()


def next_turn(connection: Connection, lane: Lane, owner_id: str) -> int:
    """The turn of an owner's next batch on a lane: one after the owner's last, never before the lane's present.

    Claims go by turn, so owners take turns batch by batch, however many batches one of them has queued. Only
    open batches count: who has waited for nothing lately neither pays for yesterday's work nor saved up a lead.
    """
    open_here = (Batch.lane == lane) & in_states(Batch.state, *OPEN_BATCH)
    present = select(func.min(Batch.turn)).where(open_here).scalar_subquery()
    own_last = select(func.max(Batch.turn)).where(open_here, Batch.owner_id == owner_id).scalar_subquery()
    lowest, last = connection.execute(select(present, own_last)).one()
    return max(lowest or 0, 0 if last is None else last + 1)

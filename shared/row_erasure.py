"""Rows of ended jobs go in pieces, with the photos that only they named: each piece is one short transaction."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, true

from shared.image_collection import release_images
from shared.tables import Batch, Image, Prediction
from shared.usage import lock_usage, refund_bytes

ROWS = 1_000  # in one transaction


def erase_rows(connection: Connection, jobs: Collection[str], which: ColumnElement[bool] | None = None) -> bool:
    """Erase some predictions of these jobs of one account, or of those `which`; returns whether there were any."""
    wanted = true() if which is None else which
    some = select(Prediction.id).where(Prediction.job_id.in_(jobs), wanted).limit(ROWS)
    # Locked first, so that the condition is asked once more in a statement that sees what has been committed until now.
    locked = connection.scalars(some.with_for_update()).all()
    rows = connection.execute(
        delete(Prediction).where(Prediction.id.in_(locked), wanted).returning(Prediction.owner_id, Prediction.image)
    ).all()
    photos = {row.image for row in rows if row.image is not None}
    if photos:
        _refund_photos(connection, rows[0].owner_id, photos)
        release_images(connection, photos)
    return bool(locked)


def erase_batches(connection: Connection, jobs: Collection[str]) -> bool:
    """Erase some batches, which no row may name any more, of these jobs; returns whether there were any."""
    batches = select(Batch.id).where(Batch.job_id.in_(jobs)).limit(ROWS)
    return connection.execute(delete(Batch).where(Batch.id.in_(batches))).rowcount > 0


def _refund_photos(connection: Connection, owner_id: str, photos: Iterable[str]) -> None:
    """Give an account back the bytes of those of these photos that none of its rows names any more."""
    lock_usage(connection, owner_id)
    still_held = exists().where(Prediction.owner_id == owner_id, Prediction.image == Image.sha256)
    freed = connection.scalar(select(func.sum(Image.size)).where(Image.sha256.in_(photos), ~still_held))
    if freed:
        refund_bytes(connection, owner_id, int(freed))

"""Ingest: labelled rows whose photos have been fetched become products, and their rows of the job go."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from shared.products import LabelledInput, store_products
from shared.store import ObjectStore
from shared.tables import Prediction


def store_fetched(connection: Connection, store: ObjectStore, photos: Mapping[int, tuple[str, int]]) -> None:
    """Store the products in these rows, each with its photo: SHA-256s and sizes by the ids of the rows.

    Of several rows with one product id the last one is stored, and none takes the place of what has come after it: a
    photo may be long in coming. Raises Unavailable when a photo has just been collected.
    """
    if not photos:
        return
    products, came_at = [], dict[str, datetime]()
    for row in connection.execute(_ROWS, {"rows_": list(photos)}):
        image, size = photos[row.id]
        product = LabelledInput(row.product_id, row.designation, row.description, row.image_id, image, row.label)
        products.append((product, size))
        came_at[row.product_id] = row.created_at
    store_products(connection, store, products, came_at)
    connection.execute(_DONE_WITH, {"rows_": list(photos)})


_THESE = Prediction.id.in_(bindparam("rows_", expanding=True))
_ROWS = (
    select(
        Prediction.id,
        Prediction.product_id,
        Prediction.designation,
        Prediction.description,
        Prediction.image_id,
        Prediction.label,
        Prediction.created_at,
    )
    .where(_THESE)
    .order_by(Prediction.created_at, Prediction.job_id, Prediction.row)
)
_DONE_WITH = delete(Prediction).where(_THESE)

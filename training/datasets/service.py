"""The service's own labelled rows: stored products, and corrected predictions."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from shared.categories import known_categories
from shared.database import Database
from shared.labelled import labelled_products
from shared.store import ObjectStore
from training.datasets.dataset import Dataset
from training.datasets.gather import gathered
from training.datasets.report import Tally
from training.datasets.rows import LabelledRow
from training.photos import StoredPhoto
from training.products import Product
from training.progress import Progress, Silent

NAME = "service"


def from_service(
    database: Database, store: ObjectStore, until: datetime | None = None, progress: Progress | None = None
) -> Dataset:
    """Everything labelled before `until` (None: so far); photos stay in the object store.

    Categories have the names that the service knows them by. Raises InvalidInput when nothing is labelled.
    """
    tally = Tally()
    moment = "so far" if until is None else f"before {until.isoformat()}"
    tally.sources.append(f"the service's products and corrections {moment}")
    with database.read() as connection:
        names = known_categories(connection)
        rows = list(_rows(connection, store, until))
    return gathered(NAME, rows, names, tally, progress if progress is not None else Silent())


def _rows(connection: Connection, store: ObjectStore, until: datetime | None) -> Iterator[LabelledRow]:
    for row in labelled_products(connection, until):
        photo = None if row.image is None else StoredPhoto(store, row.image)
        product = Product(row.product_id, row.designation or None, row.description or None, photo, row.code)
        yield LabelledRow(row.product_id, product)

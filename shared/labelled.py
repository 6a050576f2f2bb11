"""What the service holds to train on: its labelled products, and what people said about its predictions.

A correction says which category a prediction's input belongs to. If that input was a stored product, it is the
product that gets the category, provided nobody has stored the product again since. Any other corrected input is
a labelled row of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from shared.deleted import JOB_IS_THERE
from shared.tables import Correction, Job, Prediction, Product

PAGE = 1_000  # rows fetched at a time
# The input was the stored product: the same id, and a title, a description or a photo in common. Ids are people's
# own, so two accounts may mean different products by the same one.
_SAME_PRODUCT = or_(
    Prediction.designation == Product.designation,
    Prediction.description == Product.description,
    Prediction.image == Product.image,
)


@dataclass(frozen=True, slots=True)
class LabelledProduct:
    """A product with its category's code; `image` is the hash of its stored photo.

    `product_id` is `prediction:` and a number for a corrected input that is no stored product.
    """

    product_id: str
    designation: str | None
    description: str | None
    image: str | None
    code: int


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """What was labelled in an interval, and what is labelled in all before its end.

    `corrections` are predictions that somebody corrected, each once.
    """

    products_new: int
    products_changed: int
    corrections: int
    products_total: int
    corrections_total: int


class _Corrected(NamedTuple):
    """A correction, the input that it is about, and the stored product of that id if there is one."""

    id: int
    created_at: datetime
    code: int
    prediction_id: int
    owner_id: str
    product_id: str | None
    designation: str | None
    description: str | None
    image: str | None
    stored_id: int | None
    is_of_stored: bool


def labelled_products(connection: Connection, until: datetime | None = None) -> Iterator[LabelledProduct]:
    """Every product that was labelled before `until` (None: ever), page by page; no id comes twice.

    A product counts at the time it was stored last, a correction at its own. Rows of deleted jobs and accounts are
    left out. Read it within one transaction: then all pages are of one state.
    """
    last = 0
    while page := _products_after(connection, last, until):
        corrected = _relabelled(connection, last, page[-1].id, until)
        last = page[-1].id
        for row_id, product in page:
            yield replace(product, code=corrected.get(row_id, product.code))
    yield from _corrected_inputs(connection, until)


def label_changes(connection: Connection, since: datetime | None, until: datetime | None) -> LabelChanges:
    """Count what is new or changed from `since` (None: the beginning) to before `until` (None: the end).

    From the beginning on, every product is new. One that was stored again after `until` counts as new if it was new
    in the interval, and neither as changed nor among all: how it was before is not known.
    """
    new = _between(Product.created_at, since, until)
    changed = false() if since is None else _between(Product.updated_at, since, until) & (Product.created_at < since)
    return LabelChanges(
        products_new=_count_products(connection, new),
        products_changed=_count_products(connection, changed),
        corrections=_count_corrected(connection, since, until),
        products_total=_count_products(connection, _between(Product.updated_at, None, until)),
        corrections_total=_count_corrected(connection, None, until),
    )


class _Stored(NamedTuple):
    id: int
    product: LabelledProduct


def _products_after(connection: Connection, last: int, until: datetime | None) -> list[_Stored]:
    """The next page of stored products, by their rows' ids."""
    columns = (Product.product_id, Product.designation, Product.description, Product.image, Product.prdtypecode)
    found = connection.execute(
        select(Product.id, *columns)
        .where(Product.id > last, _between(Product.updated_at, None, until))
        .order_by(Product.id)
        .limit(PAGE)
    )
    return [_Stored(row[0], LabelledProduct(*row[1:])) for row in found]


def _relabelled(connection: Connection, after: int, up_to: int, until: datetime | None) -> dict[int, int]:
    """The newest correction of each of these stored products that is newer than the product: codes by row id."""
    found = connection.execute(
        _corrections(until)
        .where(Product.id > after, Product.id <= up_to, Correction.created_at > Product.updated_at, _SAME_PRODUCT)
        .order_by(Correction.created_at, Correction.id)
    )
    corrections = [_Corrected._make(row) for row in found]
    return {each.stored_id: each.code for each in corrections if each.stored_id is not None}


def _corrected_inputs(connection: Connection, until: datetime | None) -> Iterator[LabelledProduct]:
    """Corrected inputs that are no stored product, newest first: of each the newest correction.

    Several predictions of one account under one product id are one input, the newest corrected one.
    """
    seen: set[int | tuple[str, str]] = set()
    page_end: tuple[datetime, int] | None = None
    while True:
        query = _corrections(until).order_by(Correction.created_at.desc(), Correction.id.desc()).limit(PAGE)
        if page_end is not None:
            created_at, last = page_end
            query = query.where(
                or_(
                    Correction.created_at < created_at,
                    and_(Correction.created_at == created_at, Correction.id < last),
                )
            )
        page = [_Corrected._make(row) for row in connection.execute(query)]
        for each in page:
            if each.is_of_stored:
                continue
            same = each.prediction_id if each.product_id is None else (each.owner_id, each.product_id)
            if same not in seen:
                seen.add(same)
                name = f"prediction:{each.prediction_id}"
                yield LabelledProduct(name, each.designation, each.description, each.image, each.code)
        if len(page) < PAGE:
            return
        page_end = (page[-1].created_at, page[-1].id)


def _corrections(until: datetime | None) -> Select[*tuple[Any, ...]]:
    """Corrections before `until` with what they are about, as _Corrected has it; none of deleted jobs."""
    return (
        select(
            Correction.id,
            Correction.created_at,
            Correction.code,
            Prediction.id,
            Prediction.owner_id,
            Prediction.product_id,
            Prediction.designation,
            Prediction.description,
            Prediction.image,
            Product.id,
            func.coalesce(_SAME_PRODUCT, false()),
        )
        .join(Prediction, Prediction.id == Correction.prediction_id)
        .join(Job, Job.id == Prediction.job_id)
        .join(Product, Product.product_id == Prediction.product_id, isouter=True)
        .where(JOB_IS_THERE, _between(Correction.created_at, None, until))
    )


def _between(
    column: InstrumentedAttribute[datetime], since: datetime | None, until: datetime | None
) -> ColumnElement[bool]:
    """From `since` on, before `until`; None: without a bound."""
    bounds: list[ColumnElement[bool]] = [true()]
    if since is not None:
        bounds.append(column >= since)
    if until is not None:
        bounds.append(column < until)
    return and_(*bounds)


def _count_products(connection: Connection, wanted: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(Product).where(wanted)) or 0


def _count_corrected(connection: Connection, since: datetime | None, until: datetime | None) -> int:
    """How many predictions have a correction in the interval; none of deleted jobs."""
    found = connection.scalar(
        select(func.count(func.distinct(Correction.prediction_id)))
        .join(Prediction, Prediction.id == Correction.prediction_id)
        .join(Job, Job.id == Prediction.job_id)
        .where(JOB_IS_THERE, _between(Correction.created_at, since, until))
    )
    return found or 0

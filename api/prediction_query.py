"""What a query says of a list of predictions: which of them, in which order, and behind which place."""

import math
from typing import Annotated, NamedTuple

from fastapi import Depends, Query
from pydantic import Field, WithJsonSchema

from api.parameters import Code, Cursor, Flag, JobId, Share, Text, no_cursor, place_of, serial_number
from api.security import CurrentUser
from shared.errors import InvalidInput
from shared.prediction_lists import Order, Place, PredictionFilter
from shared.predictions import PredictionRecord
from shared.users import Role

LONGEST_SEARCH = 200
_TEXT_SCHEMA = {"type": "string", "pattern": "^[^\\u0000]*$", "minLength": 1, "maxLength": LONGEST_SEARCH}
Search = Annotated[Text, Field(min_length=1, max_length=LONGEST_SEARCH), WithJsonSchema(_TEXT_SCHEMA)]


class PredictionPage(NamedTuple):
    """Which predictions a page is of, and where it begins."""

    wanted: PredictionFilter
    order: Order
    start: Place | None

    def cursor_behind(self, record: PredictionRecord) -> str:
        """What the cursor has of a page whose last row this is: no other order goes on from there."""
        number, confidence = self.wanted.place(record, self.order)
        return ":".join([*_name(self.order), *([] if confidence is None else [repr(confidence)]), str(number)])


async def wanted_predictions(
    account: CurrentUser,
    needs_review: Annotated[
        Flag | None, Query(description="Whether a person should still look at it: none has corrected it.")
    ] = None,
    code: Annotated[Code | None, Query(description="The category predicted.")] = None,
    below: Annotated[Share | None, Query(description="Only confidences below this.")] = None,
    job: Annotated[JobId | None, Query(description="A job's id.")] = None,
    product_id: Annotated[Text | None, Query(description="A product's id, as it was submitted.")] = None,
    search: Annotated[
        Search | None,
        Query(description="Occurs in the designation or the product's id, in any case of letters; only with `job`."),
    ] = None,
    changed: Annotated[
        Flag | None,
        Query(description="Whether the category differs from the one before; only with the `job` of a rerun."),
    ] = None,
) -> PredictionFilter:
    """The filter of a list of predictions: one's own, or everybody's for reviewers. Raises InvalidInput."""
    if search is not None and job is None:
        raise _too_wide("search goes through the rows of one job: name it as `job`.", "query.search")
    owner_id = None if account.role.includes(Role.REVIEWER) else account.id
    return PredictionFilter(owner_id, needs_review, code, below, job, product_id, search, changed)


async def prediction_page(
    wanted: Annotated[PredictionFilter, Depends(wanted_predictions)],
    order: Annotated[
        Order,
        Query(
            description="Within a `job`, `newest` begins with its last row and `oldest` with its first. By confidence "
            "there are only rows with a prediction, and only with `job` or `needs_review=true`."
        ),
    ] = Order.NEWEST,
    cursor: Cursor = None,
) -> PredictionPage:
    """The page that is asked for. Raises InvalidInput for orders that no index has, and for what is no cursor."""
    if order.by_confidence and wanted.job_id is None and not wanted.needs_review:
        raise _too_wide(f"The order {order} needs `job`, or `needs_review=true`.", "query.order")
    return PredictionPage(wanted, order, None if cursor is None else _place(place_of(cursor), order))


def _too_wide(message: str, where: str) -> InvalidInput:
    return InvalidInput(message, where=where, code="TOO_WIDE")


def _place(text: str, order: Order) -> Place:
    """What `cursor_behind` has written."""
    *named, last = text.split(":")
    number = serial_number(last)
    confidence = _confidence(named.pop()) if order.by_confidence and len(named) > 1 else None
    if number is None or named != _name(order) or order.by_confidence == (confidence is None):
        raise no_cursor()
    return Place(number, confidence)


def _name(order: Order) -> list[str]:
    """How cursors of an order begin."""
    return [] if order is Order.NEWEST else [order]


def _confidence(text: str) -> float:
    """A confidence to its last digit, as Python writes it."""
    try:
        value = float(text)
    except ValueError:
        raise no_cursor() from None
    if not math.isfinite(value) or repr(value) != text:
        raise no_cursor()
    return value

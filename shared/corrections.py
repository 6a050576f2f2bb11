"""Corrections: what people said about predictions. Of several about one prediction, the latest counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, false, func, insert, select, update

from shared.categories import known_category
from shared.deleted import JOB_IS_THERE
from shared.errors import Conflict, NotFound
from shared.identifiers import now
from shared.tables import CategoryRow, Correction, Job, Prediction, User
from shared.users import Account


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """A person's verdict on a prediction; `by` is who said so, None once that account has gone."""

    prediction_id: int
    code: int
    name: str
    by: str | None
    created_at: datetime


def correct(connection: Connection, prediction_id: int, code: int, account: Account) -> CorrectionRecord:
    """Keep what this account says that a prediction's product is, whether or not it was predicted.

    The prediction leaves the review queue, and its index, in the same transaction.

    Raises NotFound when there is no such prediction, or its job is deleted; Conflict when nothing has been predicted,
    yet or at all; and InvalidInput for a category that nobody has declared.
    """
    category = known_category(connection, code, where="body.code")
    found = connection.execute(
        select(Prediction.prediction)
        .join(Job, Job.id == Prediction.job_id)
        .where(Prediction.id == prediction_id, JOB_IS_THERE)
        .with_for_update(key_share=True, of=Prediction)  # it cannot be erased before this is committed
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such prediction.")
    if found.prediction is None:
        raise Conflict("Nothing has been predicted for this product.", code="NOT_PREDICTED")
    moment = now()
    said = {"prediction_id": prediction_id, "user_id": account.id, "code": code, "created_at": moment}
    connection.execute(insert(Correction).values(said))
    connection.execute(
        update(Prediction).where(Prediction.id == prediction_id, Prediction.corrected == false()).values(corrected=True)
    )
    return CorrectionRecord(prediction_id, code, category.name, account.username, moment)


def latest_corrections(connection: Connection, prediction_ids: Collection[int]) -> dict[int, CorrectionRecord]:
    """The latest correction of each of these predictions that has one."""
    if not prediction_ids:
        return {}
    latest = (
        select(func.max(Correction.id))
        .where(Correction.prediction_id.in_(prediction_ids))
        .group_by(Correction.prediction_id)
    )
    found = connection.execute(
        select(Correction.prediction_id, Correction.code, CategoryRow.name, User.username, Correction.created_at)
        .outerjoin(CategoryRow, CategoryRow.code == Correction.code)
        .outerjoin(User, and_(User.id == Correction.user_id, User.deleted_at.is_(None)))
        .where(Correction.id.in_(latest))
    )
    return {
        prediction_id: CorrectionRecord(prediction_id, code, name or str(code), by, created_at)
        for prediction_id, code, name, by, created_at in found
    }

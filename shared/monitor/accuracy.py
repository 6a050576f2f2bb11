"""Accuracy from corrections: how often a person's verdict was what had been predicted.

People look at what is uncertain first, so this says less than the truth about all products; it says the more about
those that somebody took the trouble to look at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, func, select

from shared.tables import Correction, Prediction

WINDOW = timedelta(days=30)
MOST = 5_000  # corrections; of more, the latest


@dataclass(frozen=True, slots=True)
class Agreement:
    """Predictions that people have judged, and how many of them they have found right."""

    judged: int
    right: int

    @property
    def share(self) -> float | None:
        """How many of the judged ones were right, from 0 to 1; None where none was judged."""
        return self.right / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The verdicts since a moment: on predictions by the active bundle, and on those by any."""

    since: datetime
    active: Agreement
    all: Agreement


def accuracy_from_corrections(connection: Connection, moment: datetime, active: str | None) -> Accuracy:
    """The verdicts of the last 30 days. Of several about one prediction the latest counts."""
    since = moment - WINDOW
    found = {
        version: Agreement(judged, right) for version, judged, right in connection.execute(_JUDGED, {"since_": since})
    }
    everything = Agreement(sum(each.judged for each in found.values()), sum(each.right for each in found.values()))
    return Accuracy(since, found.get(active, Agreement(0, 0)), everything)


_LATELY = (
    select(Correction.id, Correction.prediction_id, Correction.code)
    .where(Correction.created_at >= bindparam("since_", type_=Correction.created_at.type))
    .order_by(Correction.created_at.desc(), Correction.id.desc())
    .limit(MOST)
    .subquery()
)
_NUMBERED = select(
    _LATELY.c.prediction_id,
    _LATELY.c.code,
    func.row_number().over(partition_by=_LATELY.c.prediction_id, order_by=_LATELY.c.id.desc()).label("place"),
).subquery()
_JUDGED = (
    select(
        Prediction.model_version,
        func.count(),
        func.sum(case((Prediction.prediction == _NUMBERED.c.code, 1), else_=0)),
    )
    .join_from(_NUMBERED, Prediction, Prediction.id == _NUMBERED.c.prediction_id)
    .where(_NUMBERED.c.place == 1)
    .group_by(Prediction.model_version)
)

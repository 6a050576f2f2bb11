"""What was done over the last hours, in points that a chart can draw."""

from datetime import datetime

from pydantic import Field

from api.answers.monitor import LaneRowsAnswer, LatencyAnswer, Measured, ModelCallsAnswer


class PointAnswer(Measured):
    """What was done from `start` on, for `seconds_per_point`, or until now. Where nothing was done there are zeros."""

    start: datetime
    lanes: list[LaneRowsAnswer]
    model: ModelCallsAnswer
    jobs_ended: int = Field(description="Jobs of every kind that model workers have brought to an end, in any way.")
    latency: LatencyAnswer


class HistoryAnswer(Measured):
    """The last hours in points, the oldest first. The last one has not ended `at` this moment."""

    at: datetime
    since: datetime
    seconds_per_point: int
    points: list[PointAnswer]

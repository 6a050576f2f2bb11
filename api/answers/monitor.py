"""How the service does, measured."""

from dataclasses import asdict
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from api.answers.models import KnownCategoryAnswer, ReleaseWithConfusionAnswer
from shared.lanes import Lane
from shared.monitor.drift import DriftState, Feature
from shared.monitor.look import Monitor
from shared.monitor.workers import SeenWorker, WorkerState
from shared.statistics.stability import ACT, WATCH


class Measured(BaseModel):
    """What is made of measurements that have the same names."""

    model_config = ConfigDict(from_attributes=True)


class WorkerAnswer(BaseModel):
    """A worker process; it is `late` when its heartbeat has not been seen for a lease."""

    id: str
    kind: str
    host: str
    process_id: int
    device: str
    bundle: str | None = Field(description="The bundle that it answers with; null of one that cannot answer.")
    started_at: datetime
    last_seen_at: datetime
    last_progress_at: datetime | None
    state: WorkerState

    @classmethod
    def of(cls, seen: SeenWorker) -> Self:
        """The answer for a worker."""
        return cls(**asdict(seen.worker), last_seen_at=seen.last_seen_at, state=seen.state)


class LaneAnswer(Measured):
    """What waits on a lane and what workers hold of it. With `at_least` there is more than was counted."""

    lane: Lane
    queued_batches: int
    queued_rows: int
    oldest_queued_seconds: float | None
    running_batches: int
    running_rows: int
    at_least: bool
    workers: int = Field(description="Workers that take work of this lane now.")


class LaneRowsAnswer(Measured):
    """Rows of a lane that got a prediction, those among them that took an earlier one, and rows that got an error."""

    lane: Lane
    answered: int
    reused: int
    errors: int


class LaneThroughputAnswer(LaneRowsAnswer):
    """What was done of a lane's rows, and how many were answered or got an error a second."""

    rows_per_second: float


class JobsEndedAnswer(Measured):
    """How many jobs of a kind model workers have brought to an end."""

    kind: str
    status: str
    count: int


class ModelCallsAnswer(Measured):
    """Calls of the models, their rows, and their seconds, summed over all workers."""

    calls: int
    rows: int
    seconds: float


class LatencyAnswer(Measured):
    """Seconds from the acceptance of a single product to its stored answer; null without products."""

    products: int
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None


class RecentWorkAnswer(Measured):
    """What was done since a moment, which is so many seconds ago. Workers report every few seconds."""

    since: datetime
    seconds: float
    lanes: list[LaneThroughputAnswer]
    jobs: list[JobsEndedAnswer]
    model: ModelCallsAnswer
    latency: LatencyAnswer


class AgreementAnswer(Measured):
    """Predictions that people have judged, and those that they found right."""

    judged: int
    right: int
    share: float | None


class AccuracyAnswer(Measured):
    """Verdicts of the last 30 days, on predictions by the active bundle and by all.

    People look at what is uncertain, so this is not the accuracy on all products.
    """

    since: datetime
    active: AgreementAnswer
    all: AgreementAnswer


class DriftBinAnswer(Measured):
    """A part of a distribution: present rows, and the share of the reference that is there, from 0 to 1.

    Every bin of `class_mix` is a category, and its `key` the code; `category` is null where the bundle does not know
    it. Those of `confidence` and `unknown_tokens` lie between `low` and `high`; those of `missing_images` are
    `no_photo` and `photo`. `reference_share` is null where the bundle's profile does not say.
    """

    key: str
    category: KnownCategoryAnswer | None
    low: float | None
    high: float | None
    rows: int
    reference_share: float | None


class FeatureDriftAnswer(Measured):
    """How far a distribution has moved from that of training: the population stability index.

    `by_chance` is what so many rows come to on average without any drift; it is taken off before the state is said.
    """

    feature: Feature
    state: DriftState
    psi: float | None
    by_chance: float | None
    rows: int
    reference_rows: int
    bins: list[DriftBinAnswer] = Field(description="The distribution, always in the same order.")


class DriftAnswer(Measured):
    """Rows that the active bundle's models have answered since a moment, beside those that it was made with."""

    since: datetime
    watch: float = Field(default=WATCH, description="The index, less chance, from which it is worth watching.")
    act: float = Field(default=ACT, description="The index, less chance, from which it has drifted.")
    features: list[FeatureDriftAnswer]


class WebhookWorkAnswer(Measured):
    """Deliveries that wait, and what came of the tries of the last hour; none is counted beyond `counted_up_to`."""

    pending: int
    due: int
    oldest_due_seconds: float | None
    since: datetime
    delivered: int
    failed: int
    dead: int
    disabled_endpoints: int
    counted_up_to: int


class DiskAnswer(Measured):
    """Bytes that are free in the data folder, that are kept in reserve, and that the database takes."""

    free_bytes: int
    reserve_bytes: int
    database_bytes: int


class MonitorAnswer(BaseModel):
    """How the service did at a moment. Everything is measured; what is not known is null."""

    at: datetime
    bundle: ReleaseWithConfusionAnswer | None = Field(
        description="The active bundle, with its figures on the test split."
    )
    workers: list[WorkerAnswer]
    lanes: list[LaneAnswer]
    recent: RecentWorkAnswer
    accuracy: AccuracyAnswer
    drift: DriftAnswer | None
    webhooks: WebhookWorkAnswer
    disk: DiskAnswer

    @classmethod
    def of(cls, monitor: Monitor) -> Self:
        """The answer for a look at everything."""
        return cls(
            at=monitor.at,
            bundle=None if monitor.bundle is None else ReleaseWithConfusionAnswer.of(monitor.bundle),
            workers=[WorkerAnswer.of(seen) for seen in monitor.workers],
            lanes=[LaneAnswer.model_validate(lane) for lane in monitor.lanes],
            recent=RecentWorkAnswer.model_validate(monitor.recent),
            accuracy=AccuracyAnswer.model_validate(monitor.accuracy),
            drift=None if monitor.drift is None else DriftAnswer.model_validate(monitor.drift),
            webhooks=WebhookWorkAnswer.model_validate(monitor.webhooks),
            disk=DiskAnswer.model_validate(monitor.disk),
        )

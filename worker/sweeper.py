"""The sweep: a thread of every io worker that notices what nobody else is left to notice.

It needs the database only. Rings go to the background ringer, so a Redis that is away holds nothing up.
"""

from collections.abc import Callable
from datetime import timedelta

from shared.database import Database
from shared.identifiers import now
from shared.lanes import WEBHOOKS, Lane
from shared.ledger.sweep import Released, expire_overdue, release_expired, stale_lanes
from shared.logs import get_logger
from shared.refresh_tokens import forget_expired_refresh_tokens
from shared.ringer import Ringer
from shared.settings import Settings
from shared.sign_ins import forget_expired_failures
from shared.statistics.records import forget_old
from shared.webhooks.claim import anything_due
from shared.webhooks.upkeep import bury_abandoned
from shared.workers import ALIVE_LEASES, alive, forget_dead
from worker.metrics import SWEPT, WorkerMetrics
from worker.repeating import Repeating


class Sweeper(Repeating):
    """Sweeps every `sweep_seconds` for the time of a `with` block.

    `may_judge` says whether the database has taken everybody's heartbeats lately. While it is full, away, or held by
    somebody else, leases run out of workers that live, and nobody is to blame.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        ringer: Ringer,
        may_judge: Callable[[], bool],
        metrics: WorkerMetrics,
    ) -> None:
        super().__init__("sweep", settings.sweep_seconds, self.sweep)
        self._database = database
        self._ringer = ringer
        self._metrics = metrics
        self._may_judge = may_judge
        self._judged = True
        self._stale_after = timedelta(seconds=settings.sweep_seconds)
        self._dead_after = ALIVE_LEASES * timedelta(seconds=settings.lease_seconds)
        self._log = get_logger()

    def sweep(self) -> None:
        """Do every step once."""
        with self._database.begin() as connection:  # which may have waited for long
            released = release_expired(connection) if self._judges() else Released(0)
        with self._database.begin() as connection:
            expired = expire_overdue(connection)
        with self._database.begin() as connection:
            forget_dead(connection, self._dead_after)
        with self._database.begin() as connection:
            forget_expired_refresh_tokens(connection, now())
            forget_expired_failures(connection, now())
            forget_old(connection)
        with self._database.begin() as connection:
            bury_abandoned(connection)
        self._metrics.leases_expired(released.leases)
        self._metrics.booked(SWEPT, released.ended)
        self._metrics.ended(expired)
        if released.leases or expired:
            self._log.warning("sweep.found", leases_expired=released.leases, jobs_expired=len(expired))
        self._ring_stale_lanes()

    def _judges(self) -> bool:
        """Whether leases that ran out are held against somebody; says so when that changes."""
        judges = self._may_judge()
        if judges != self._judged:
            self._log.warning("sweep.judges" if judges else "sweep.spares_leases")
            self._judged = judges
        return judges

    def _ring_stale_lanes(self) -> None:
        with self._database.read() as connection:
            if anything_due(connection):
                self._ringer.ring(WEBHOOKS)
            stale = stale_lanes(connection, self._stale_after)
            kinds = {lane: "io" if lane == Lane.IO else "model" for lane in stale}
            workers = {kind: alive(connection, kind, self._dead_after) for kind in set(kinds.values())}
        for lane, batches in stale.items():
            if times := min(batches, workers[kinds[lane]]):
                self._ringer.ring(lane, times=times)

"""The book of deliveries as an io worker keeps it: what it takes, each with its body, and what every try came to.

What comes together is taken and written together, with one flush of the disk for all of it. Between these steps, while
somebody is called, no transaction is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from shared.answers.names import CategoryNames
from shared.database import Database
from shared.jobs import JobRecord, jobs_by_ids
from shared.lifecycle import DeliveryState
from shared.logs import get_logger
from shared.webhooks.bodies import kept_body, written_body
from shared.webhooks.claim import Due, anything_due, claim_due
from shared.webhooks.events import bury
from shared.webhooks.outcomes import Came, give_back, write_outcome
from worker.metrics import WorkerMetrics

_OUTCOMES = {
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.PENDING: "failed",
    DeliveryState.DEAD: "dead",
    None: "lost",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A delivery, and what a try came to."""

    due: Due
    came: Came


class DeliveryBook:
    """Takes deliveries for a `lease`, and books what became of them, with these delays between two tries."""

    def __init__(self, database: Database, delays: Sequence[float], lease: timedelta, metrics: WorkerMetrics) -> None:
        self.lease = lease
        self._metrics = metrics
        self._database = database
        self._delays = delays
        self._names = CategoryNames()
        self._log = get_logger()

    def take(self, places: int, places_for_failing: int) -> list[Due]:
        """Take what is due, each with the body that all its tries send, empty where none could be made.

        What tells of jobs that have been deleted ends here: nobody is told of them. Raises SQLAlchemyError.
        """
        with self._database.read() as connection:
            if not anything_due(connection):
                return []
        with self._database.begin() as connection:
            taken = claim_due(connection, places, places_for_failing, self.lease)
        if not taken:
            return []
        try:
            bodies = self._bodies(taken)
            self._drop([due for due in taken if due.event_id not in bodies])
        except Exception:
            self.give_back(taken)
            raise
        return [replace(due, body=bodies[due.event_id]) for due in taken if due.event_id in bodies]

    def write(self, tries: Sequence[Tried]) -> Sequence[Tried]:
        """Book tries together; returns those that the database did not take."""
        try:
            states = self._written(tries)
        except OperationalError:
            self._log.warning("webhook.not_booked", deliveries=len(tries), exc_info=True)
            return tries
        except Exception:  # a fault of ours that one of them brings out, and the others need not suffer from
            if len(tries) > 1:
                return [left for each in tries for left in self.write([each])]
            self._log.exception("webhook.not_booked", delivery=tries[0].due.delivery_id)
            return tries
        for each, state in zip(tries, states, strict=True):
            self._say(each, state)
        return []

    def give_back(self, deliveries: Sequence[Due]) -> None:
        """Have deliveries due again at once. Raises SQLAlchemyError."""
        with self._database.begin() as connection:
            give_back(connection, deliveries)

    def _bodies(self, taken: Sequence[Due]) -> dict[str, str]:
        """The bodies of these by their events' ids, but of those whose jobs have been deleted."""
        events = {due.event_id: due for due in taken}
        with self._database.read() as connection:
            jobs = jobs_by_ids(connection, {due.job_id for due in taken})
            bodies: dict[str, str | None] = {
                event_id: due.body or self._new_body(connection, due, jobs[due.job_id])
                for event_id, due in events.items()
                if due.job_id in jobs
            }
        new = {event_id: body for event_id, body in bodies.items() if body and not events[event_id].body}
        if new:
            with self._database.begin() as connection:
                bodies |= {event_id: kept_body(connection, event_id, new[event_id]) for event_id in sorted(new)}
        return {event_id: body for event_id, body in bodies.items() if body is not None}

    def _new_body(self, connection: Connection, due: Due, job: JobRecord) -> str:
        try:
            return written_body(connection, self._names, due, job)
        except SQLAlchemyError:
            raise
        except Exception:  # a fault of ours that the job brings out; its tries fail
            self._log.exception("webhook.no_body", event_id=due.event_id, job=due.job_id)
            return ""

    def _drop(self, deliveries: Sequence[Due]) -> None:
        """End what nobody is told of any more; its rows go with its job's."""
        if deliveries:
            with self._database.begin() as connection:
                bury(connection, [due.delivery_id for due in deliveries])

    def _written(self, tries: Sequence[Tried]) -> list[DeliveryState | None]:
        """Book tries in one transaction, in an order of endpoints that is every worker's; returns their states."""
        states = {}
        with self._database.begin() as connection:
            for each in sorted(tries, key=lambda each: each.due.endpoint_id):
                states[each] = write_outcome(connection, each.due, each.came, self._delays)
        return [states[each] for each in tries]

    def _say(self, tried: Tried, state: DeliveryState | None) -> None:
        due, came, outcome = tried.due, tried.came, _OUTCOMES[state]
        self._metrics.tried(outcome, came.seconds)
        self._log.info(
            f"webhook.{outcome}",
            delivery=due.delivery_id,
            endpoint=due.endpoint_id,
            job=due.job_id,
            attempt=due.attempt,
            status=came.status,
            reason=came.error,
            seconds=round(came.seconds, 3),
        )

"""Outcomes: write what a try came to, only while the delivery is still this worker's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from shared.identifiers import now
from shared.lifecycle import DeliveryState, in_states, move
from shared.logs import get_logger
from shared.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shared.webhooks.claim import Due
from shared.webhooks.events import bury
from shared.webhooks.schedule import next_delay

DEATHS = 3  # in a row, with nothing delivered between them, and an endpoint is disabled
ATTEMPTS_KEPT = 50  # of one delivery: asking for it again and again must not fill the book
GONE = "The receiver answered 410 Gone: it wants no more of this."


@dataclass(frozen=True, slots=True)
class Came:
    """What a try came to: the answer's status and its first characters, or the `error` in place of an answer.

    `retry_after` is in seconds.
    """

    started_at: datetime
    seconds: float
    status: int | None = None
    response: str | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def write_outcome(connection: Connection, due: Due, came: Came, delays: Sequence[float]) -> DeliveryState | None:
    """Book a try; returns the delivery's state, or None where it was no longer this worker's and nothing was written.

    The endpoint is disabled when it answers 410, and when DEATHS of its deliveries have died in a row.
    """
    endpoint = connection.execute(_ENDPOINT, {"endpoint_": due.endpoint_id}).one_or_none()
    if endpoint is None or not _is_held(connection, due):
        return None
    _note(connection, due, came)
    if came.delivered:
        if endpoint.failing_since is not None:
            _change_endpoint(connection, due.endpoint_id, failing_since=None, deaths=0)
        connection.execute(_DELIVERED, {"delivery_": due.delivery_id, "moment_": now()})
        return DeliveryState.DELIVERED
    failing_since = endpoint.failing_since or came.started_at
    delay = None if came.status == HTTPStatus.GONE else next_delay(delays, due.tries, came.retry_after)
    if delay is not None:
        _change_endpoint(connection, due.endpoint_id, failing_since=failing_since)
        due_at = now() + timedelta(seconds=delay)
        connection.execute(_AGAIN, {"delivery_": due.delivery_id, "due_at_": due_at})
        return DeliveryState.PENDING
    bury(connection, [due.delivery_id])
    _change_endpoint(connection, due.endpoint_id, failing_since=failing_since, deaths=endpoint.deaths + 1)
    if came.status == HTTPStatus.GONE:
        _disable(connection, due.endpoint_id, GONE)
    elif endpoint.deaths + 1 >= DEATHS:
        _disable(connection, due.endpoint_id, _why_dead(endpoint.deaths + 1, failing_since, came))
    return DeliveryState.DEAD


def give_back(connection: Connection, deliveries: Sequence[Due]) -> None:
    """Have these due again at once, at the cost of no try: they have not been sent, or nobody knows whether."""
    for due in deliveries:
        connection.execute(
            update(WebhookDelivery)
            .where(_IN_HAND, WebhookDelivery.id == due.delivery_id, WebhookDelivery.attempts == due.attempt)
            .values(spared=WebhookDelivery.spared + 1, next_attempt_at=now(), lease_until=None)
        )


def _is_held(connection: Connection, due: Due) -> bool:
    return connection.scalar(_HELD, {"delivery_": due.delivery_id, "attempt_": due.attempt}) is not None


def _note(connection: Connection, due: Due, came: Came) -> None:
    tried = asdict(came)
    del tried["retry_after"]
    connection.execute(_NOTE, {"delivery_id": due.delivery_id, "number": due.attempt, **tried})
    if due.attempt > ATTEMPTS_KEPT:
        old = (WebhookAttempt.delivery_id == due.delivery_id) & (WebhookAttempt.number <= due.attempt - ATTEMPTS_KEPT)
        connection.execute(delete(WebhookAttempt).where(old))


def _change_endpoint(connection: Connection, endpoint_id: str, **values: object) -> None:
    connection.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).values(**values))


def _disable(connection: Connection, endpoint_id: str, reason: str) -> None:
    """Disable an endpoint, unless its owner has paused it meanwhile; the sweep buries what else waits for it."""
    disabled = connection.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.active)
        .values(active=False, disabled_reason=func.coalesce(WebhookEndpoint.disabled_reason, reason))
    )
    if disabled.rowcount:
        get_logger().warning("webhook.disabled", endpoint=endpoint_id, reason=reason)


def _why_dead(deaths: int, failing_since: datetime, came: Came) -> str:
    last = f"status {came.status}" if came.status is not None else came.error
    return (
        f"{deaths} deliveries in a row died, with none arriving since {failing_since:%Y-%m-%d %H:%M} UTC; "
        f"the last answer: {last}"
    )


_IN_HAND = in_states(WebhookDelivery.state, DeliveryState.PENDING) & WebhookDelivery.lease_until.is_not(None)
_THIS = WebhookDelivery.id == bindparam("delivery_")
_ENDPOINT = (
    select(WebhookEndpoint.failing_since, WebhookEndpoint.deaths)
    .where(WebhookEndpoint.id == bindparam("endpoint_"))
    .with_for_update(key_share=True)
)
_HELD = (
    select(WebhookDelivery.id)
    .where(_IN_HAND, _THIS, WebhookDelivery.attempts == bindparam("attempt_"))
    .with_for_update()
)
_NOTE = insert(WebhookAttempt)
_DELIVERED = (
    move(WebhookDelivery.state, DeliveryState.DELIVERED)
    .where(_THIS)
    .values(next_attempt_at=None, lease_until=None, finished_at=bindparam("moment_"))
)
_AGAIN = update(WebhookDelivery).where(_THIS).values(next_attempt_at=bindparam("due_at_"), lease_until=None)

"""Webhooks: what waits to be told, and what came of the tries lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, func, select

from shared.backlog import COUNTED, Due
from shared.lifecycle import DeliveryState, in_states
from shared.monitor.lanes import age
from shared.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WebhookWork:
    """Deliveries that are pending, and of those due now; tries since a moment that arrived or failed; and what died.

    None is counted further than `counted_up_to`.
    """

    pending: int
    due: int
    oldest_due_seconds: float | None
    since: datetime
    delivered: int
    failed: int
    dead: int
    disabled_endpoints: int
    counted_up_to: int


def webhooks_now(connection: Connection, due: Due, moment: datetime) -> WebhookWork:
    """What waits now, and what came of the tries of the last hour."""
    since = moment - WINDOW
    tries = select(WebhookAttempt.status).where(WebhookAttempt.started_at >= since).limit(COUNTED).subquery()
    counts = select(func.count(), func.count().filter(tries.c.status.between(200, 299))).select_from(tries)
    tried, delivered = connection.execute(counts).one()
    pending = select(WebhookDelivery.id).where(in_states(WebhookDelivery.state, DeliveryState.PENDING))
    dead = select(WebhookDelivery.id).where(
        in_states(WebhookDelivery.state, DeliveryState.DEAD), WebhookDelivery.finished_at >= since
    )
    disabled = select(WebhookEndpoint.id).where(
        WebhookEndpoint.disabled_reason.is_not(None), WebhookEndpoint.deleted_at.is_(None)
    )
    return WebhookWork(
        pending=_number(connection, pending),
        due=due.deliveries,
        oldest_due_seconds=None if due.oldest is None else age(moment, due.oldest),
        since=since,
        delivered=delivered,
        failed=tried - delivered,
        dead=_number(connection, dead),
        disabled_endpoints=_number(connection, disabled),
        counted_up_to=COUNTED,
    )


def _number(connection: Connection, wanted: Select[str]) -> int:
    """How many rows there are, up to COUNTED."""
    return connection.scalars(select(func.count()).select_from(wanted.limit(COUNTED).subquery())).one()

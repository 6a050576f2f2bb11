"""Trouble: what whoever runs the service should see of webhooks that do not get through. Reads only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, func, select

from shared.lifecycle import DeliveryState, in_states
from shared.tables import WebhookDelivery, WebhookEndpoint
from shared.webhooks.claim import IS_DUE, LISTENING

_KEPT = WebhookEndpoint.deleted_at.is_(None)


def disabled_endpoints(connection: Connection, limit: int) -> Sequence[Row[str, str | None]]:
    """Up to `limit` endpoints that the service has disabled, each with the reason; those that died last come first."""
    disabled = _KEPT & WebhookEndpoint.disabled_reason.is_not(None)
    newest = WebhookEndpoint.failing_since.desc()
    return connection.execute(
        select(WebhookEndpoint.id, WebhookEndpoint.disabled_reason).where(disabled).order_by(newest).limit(limit)
    ).all()


def dead_since(connection: Connection, moment: datetime) -> tuple[int, int]:
    """How many deliveries have died since then, and of how many endpoints; not those that nobody wanted to be tried."""
    died = (
        select(func.count(), func.count(WebhookDelivery.endpoint_id.distinct()))
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(_KEPT, in_states(WebhookDelivery.state, DeliveryState.DEAD), WebhookDelivery.finished_at >= moment)
        .where(WebhookDelivery.attempts > 0)
    )
    deliveries, endpoints = connection.execute(died).one()
    return deliveries, endpoints


def due_since(connection: Connection, moment: datetime) -> int:
    """How many deliveries to active endpoints have been due since then and are not on their way."""
    waiting = (
        select(func.count())
        .select_from(WebhookDelivery)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(LISTENING, IS_DUE)
    )
    return connection.scalars(waiting, {"now_": moment}).one()

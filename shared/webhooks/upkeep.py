"""Upkeep: end what nobody waits for any more, and remove what is too old, in pieces that each take a moment."""

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select

from shared.lifecycle import DeliveryState, in_states
from shared.tables import WebhookDelivery, WebhookEndpoint, WebhookEvent
from shared.webhooks.events import bury

AT_ONCE = 500


def bury_abandoned(connection: Connection) -> int:
    """End as dead what waits for endpoints that are not active; returns how many deliveries that were."""
    pending = in_states(WebhookDelivery.state, DeliveryState.PENDING)
    something = exists().where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, pending)
    # Locked, and so still asleep: who activates one just now wants what waits for it.
    asleep = select(WebhookEndpoint.id).where(~WebhookEndpoint.active, something).order_by(WebhookEndpoint.id)
    endpoints = connection.scalars(asleep.limit(AT_ONCE).with_for_update(key_share=True, skip_locked=True)).all()
    waiting = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id.in_(endpoints), pending)
    found = connection.scalars(waiting.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    bury(connection, found)
    return len(found)


def erase_deleted_endpoints(connection: Connection) -> bool:
    """Remove some deliveries of a deleted endpoint, or, if it has none, the endpoint; False where there is nothing."""
    endpoint_id = connection.scalar(
        select(WebhookEndpoint.id)
        .where(WebhookEndpoint.deleted_at.is_not(None))
        .order_by(WebhookEndpoint.deleted_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if endpoint_id is None:
        return False
    some = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id).limit(AT_ONCE)
    if connection.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(some))).rowcount == 0:
        connection.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))
    return True


def forget_old_events(connection: Connection, oldest: datetime) -> bool:
    """Remove some events from before then, with their deliveries, but those still on their way; False if none."""
    on_its_way = exists().where(
        WebhookDelivery.event_id == WebhookEvent.id, in_states(WebhookDelivery.state, DeliveryState.PENDING)
    )
    old = select(WebhookEvent.id).where(WebhookEvent.created_at < oldest, ~on_its_way).limit(AT_ONCE)
    return connection.execute(delete(WebhookEvent).where(WebhookEvent.id.in_(old))).rowcount > 0

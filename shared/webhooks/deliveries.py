"""Deliveries as their owner sees them: each with every try, and asked for again, one or all that died."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from shared.errors import Conflict, NotFound
from shared.identifiers import now
from shared.lifecycle import DeliveryState, in_states, move
from shared.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: how long it took, and the answer's status and first characters, or the `error` in place of one."""

    number: int
    started_at: datetime
    seconds: float
    status: int | None
    response: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One event on its way to one endpoint, with its tries in order."""

    id: str
    event_id: str
    type: str
    job_id: str
    state: DeliveryState
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    attempts: list[Attempt]


def deliveries_before(
    connection: Connection, endpoint_id: str, state: DeliveryState | None, delivery_id: str | None, limit: int
) -> list[DeliveryRecord]:
    """Up to `limit` deliveries of an endpoint, newest first, from before the one of this id (None: the newest)."""
    wanted = _RECORD.where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        wanted = wanted.where(WebhookDelivery.state == state)
    if delivery_id is not None:
        wanted = wanted.where(WebhookDelivery.id < delivery_id)
    found = connection.execute(wanted.order_by(WebhookDelivery.id.desc()).limit(limit)).all()
    attempts = _attempts(connection, [delivery.id for delivery in found])
    return [_record(each, attempts.get(each.id, [])) for each in found]


def delivery_by_id(connection: Connection, endpoint_id: str, delivery_id: str) -> DeliveryRecord:
    """One delivery of an endpoint. Raises NotFound."""
    found = connection.execute(
        _RECORD.where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.id == delivery_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.")
    return _record(found, _attempts(connection, [delivery_id]).get(delivery_id, []))


def redeliver(connection: Connection, endpoint_id: str, delivery_id: str) -> None:
    """Have a delivery tried again from now on, with all its tries. One that is on its way just now stays so.

    Raises NotFound, and Conflict while the endpoint is not active.
    """
    _require_active(connection, endpoint_id)
    state = delivery_by_id(connection, endpoint_id, delivery_id).state
    this = WebhookDelivery.id == delivery_id
    if state == DeliveryState.PENDING:
        waits = in_states(WebhookDelivery.state, DeliveryState.PENDING) & WebhookDelivery.lease_until.is_(None)
        connection.execute(update(WebhookDelivery).where(this, waits).values(next_attempt_at=now()))
    else:
        connection.execute(_AGAIN.where(this), {"moment_": now()})


def recover(connection: Connection, endpoint_id: str, since: datetime, dead_by: datetime) -> int:
    """Have up to AT_ONCE deliveries tried again, of events since then, that were dead by a moment; returns how many.

    Who asks until there are no more names one moment for all, and what dies again meanwhile is not taken twice.
    Raises Conflict while the endpoint is not active.
    """
    _require_active(connection, endpoint_id)
    dead = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            in_states(WebhookDelivery.state, DeliveryState.DEAD),
            WebhookDelivery.created_at >= since,
            WebhookDelivery.finished_at <= dead_by,
        )
        .order_by(WebhookDelivery.id)
        .limit(AT_ONCE)
    )
    found = connection.scalars(dead).all()
    if found:
        connection.execute(_AGAIN.where(WebhookDelivery.id.in_(found)), {"moment_": now()})
    return len(found)


def _record(delivery: Row[*tuple[Any, ...]], attempts: list[Attempt]) -> DeliveryRecord:
    return DeliveryRecord(**{**delivery._mapping, "state": DeliveryState(delivery.state)}, attempts=attempts)


def _require_active(connection: Connection, endpoint_id: str) -> None:
    active = connection.scalar(
        select(WebhookEndpoint.active).where(WebhookEndpoint.id == endpoint_id).with_for_update(key_share=True)
    )
    if not active:
        raise Conflict("The webhook is not active: activate it first.", code="WEBHOOK_INACTIVE")


def _attempts(connection: Connection, deliveries: Iterable[str]) -> Mapping[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    for row in connection.execute(_ATTEMPTS, {"deliveries_": list(deliveries)}).mappings():
        attempt = dict(row)
        found.setdefault(attempt.pop("delivery_id"), []).append(Attempt(**attempt))
    return found


_RECORD = select(
    WebhookDelivery.id,
    WebhookDelivery.event_id,
    WebhookEvent.type,
    WebhookEvent.job_id,
    WebhookDelivery.state,
    WebhookDelivery.next_attempt_at,
    WebhookDelivery.created_at,
    WebhookDelivery.finished_at,
).join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
_ATTEMPTS = (
    select(
        WebhookAttempt.delivery_id,
        WebhookAttempt.number,
        WebhookAttempt.started_at,
        WebhookAttempt.seconds,
        WebhookAttempt.status,
        WebhookAttempt.response,
        WebhookAttempt.error,
    )
    .where(WebhookAttempt.delivery_id.in_(bindparam("deliveries_", expanding=True)))
    .order_by(WebhookAttempt.delivery_id, WebhookAttempt.id)
)
_AGAIN = move(WebhookDelivery.state, DeliveryState.PENDING).values(
    next_attempt_at=bindparam("moment_"), lease_until=None, finished_at=None, spared=WebhookDelivery.attempts
)

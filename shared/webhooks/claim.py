"""Claim: take deliveries that are due, a few of each endpoint, so that a slow or dead receiver delays nobody else.

At most FOR_ONE deliveries are on their way to one endpoint at once, whichever workers have them, and to one whose last
try failed only one. A claim is a lease: where it runs out, because the worker died, the delivery is due again, and what
was sent may be sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select, update

from shared.identifiers import now
from shared.lifecycle import DeliveryState, in_states
from shared.tables import WebhookDelivery, WebhookEndpoint, WebhookEvent

FOR_ONE = 4


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery in hand: try number `attempt`, of which `tries` count; an event without a body gets one first."""

    delivery_id: str
    attempt: int
    tries: int
    event_id: str
    job_id: str
    event_type: str
    happened_at: datetime
    body: str
    endpoint_id: str
    url: str
    keys: tuple[str, ...]


def claim_due(connection: Connection, places: int, places_for_failing: int, lease: timedelta) -> list[Due]:
    """Take up to `places` deliveries that are due, the longest waiting endpoints first.

    Of those to endpoints that failed last time at most `places_for_failing`.
    """
    moment = now()
    endpoints = connection.execute(_WAITING, {"now_": moment, "places_": places}).all()
    failing = {endpoint.id for endpoint in endpoints if endpoint.failing_since is not None}
    counts = connection.execute(_HELD, {"endpoints_": [endpoint.id for endpoint in endpoints], "now_": moment})
    held = {endpoint_id: count for endpoint_id, count in counts}
    taken: list[str] = []
    for endpoint in endpoints:
        is_failing = endpoint.id in failing
        room = min((1 if is_failing else FOR_ONE) - held.get(endpoint.id, 0), places - len(taken))
        if is_failing:
            room = min(room, places_for_failing)
        if room > 0:
            found = connection.scalars(_DUE, {"endpoint_": endpoint.id, "now_": moment, "room_": room}).all()
            taken.extend(found)
            places_for_failing -= len(found) if is_failing else 0
    if not taken:
        return []
    connection.execute(_TAKE, {"deliveries_": taken, "until_": moment + lease})
    return _in_hand(connection, taken, moment)


def anything_due(connection: Connection) -> bool:
    """Whether a delivery waits for somebody to take it."""
    return connection.scalar(_WAITING_AT_ALL, {"now_": now()}) is not None


def _in_hand(connection: Connection, deliveries: Sequence[str], moment: datetime) -> list[Due]:
    found = connection.execute(_DETAILS, {"deliveries_": list(deliveries)}).all()
    return [
        Due(
            delivery_id=each.id,
            attempt=each.attempts,
            tries=each.attempts - each.spared,
            event_id=each.event_id,
            job_id=each.job_id,
            event_type=each.type,
            happened_at=each.created_at,
            body=each.body,
            endpoint_id=each.endpoint_id,
            url=each.url,
            keys=signing_keys(each.secret, each.previous_secret, each.previous_secret_until, moment),
        )
        for each in found
    ]


def signing_keys(secret: str, previous: str | None, until: datetime | None, moment: datetime) -> tuple[str, ...]:
    """The secrets that sign at this moment: the newest, and the one before it until its time is up."""
    return (secret, previous) if previous is not None and until is not None and moment < until else (secret,)


_PENDING = in_states(WebhookDelivery.state, DeliveryState.PENDING)
_IS_DUE = _PENDING & (WebhookDelivery.next_attempt_at <= bindparam("now_"))
_FIRST_DUE = (
    select(func.min(WebhookDelivery.next_attempt_at))
    .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, _IS_DUE)
    .correlate(WebhookEndpoint)
    .scalar_subquery()
)
_LISTENING = WebhookEndpoint.active & WebhookEndpoint.deleted_at.is_(None)
_SOMETHING = select(WebhookEndpoint.id, WebhookEndpoint.failing_since).where(_LISTENING, _FIRST_DUE.is_not(None))
_WAITING_AT_ALL = _SOMETHING.limit(1)
# Locked, so that two workers do not count the same endpoint's deliveries at once and take twice as many.
_WAITING = (
    _SOMETHING.order_by(_FIRST_DUE, WebhookEndpoint.id)
    .limit(bindparam("places_"))
    .with_for_update(key_share=True, skip_locked=True)
)
_HELD = (
    select(WebhookDelivery.endpoint_id, func.count())
    .where(
        WebhookDelivery.endpoint_id.in_(bindparam("endpoints_", expanding=True)),
        WebhookDelivery.lease_until.is_not(None),
        WebhookDelivery.lease_until > bindparam("now_"),
    )
    .group_by(WebhookDelivery.endpoint_id)
)
_DUE = (
    select(WebhookDelivery.id)
    .where(WebhookDelivery.endpoint_id == bindparam("endpoint_"), _IS_DUE)
    .order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id)
    .limit(bindparam("room_"))
)
# While it is leased it is not due: one condition says both.
_TAKE = (
    update(WebhookDelivery)
    .where(WebhookDelivery.id.in_(bindparam("deliveries_", expanding=True)))
    .values(attempts=WebhookDelivery.attempts + 1, lease_until=bindparam("until_"), next_attempt_at=bindparam("until_"))
)
_DETAILS = (
    select(
        WebhookDelivery.id,
        WebhookDelivery.attempts,
        WebhookDelivery.spared,
        WebhookDelivery.event_id,
        WebhookDelivery.endpoint_id,
        WebhookEvent.job_id,
        WebhookEvent.type,
        WebhookEvent.created_at,
        WebhookEvent.body,
        WebhookEndpoint.url,
        WebhookEndpoint.secret,
        WebhookEndpoint.previous_secret,
        WebhookEndpoint.previous_secret_until,
    )
    .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    .where(WebhookDelivery.id.in_(bindparam("deliveries_", expanding=True)))
    .order_by(WebhookDelivery.id)
)

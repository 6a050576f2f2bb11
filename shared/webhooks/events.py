"""Events: what happened to jobs, written by the very transaction in which it happened, with who is told of it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, bindparam, insert, select

from shared.identifiers import new_id, now
from shared.lifecycle import DeliveryState, JobStatus, move
from shared.tables import Job, WebhookDelivery, WebhookEndpoint, WebhookEvent

EventType: TypeAlias = Literal["job.succeeded", "job.partially_succeeded", "job.failed", "job.canceled", "job.expired"]
JobKind: TypeAlias = Literal["product", "catalogue", "ingest"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

_Listener: TypeAlias = Row[str, str, str | None, str, bool, list[str], list[str]]


def record_ends(connection: Connection, ended: Mapping[str, JobStatus]) -> bool:
    """Write an event for each of these jobs that somebody listens to; returns whether anything is to be delivered.

    What an endpoint listens to that is paused or disabled is written down as dead, so that its owner can ask for it.
    """
    if not ended or connection.scalar(_ANYBODY) is None:
        return False
    listeners = connection.execute(_LISTENERS, {"jobs_": list(ended)}).all()
    told = [listener for listener in listeners if _listens(listener, f"job.{ended[listener.job_id]}")]
    if not told:
        return False
    events = {job_id: new_id() for job_id in {listener.job_id for listener in told}}
    moment = now()
    connection.execute(
        insert(WebhookEvent),
        [
            {"id": event_id, "job_id": job_id, "type": f"job.{ended[job_id]}", "created_at": moment}
            for job_id, event_id in sorted(events.items())
        ],
    )
    deliveries = [
        {"id": new_id(), "event_id": events[each.job_id], "endpoint_id": each.endpoint_id, "next_attempt_at": moment}
        for each in told
    ]
    connection.execute(insert(WebhookDelivery), deliveries)
    asleep = {listener.endpoint_id for listener in told if not listener.active}
    bury(connection, [delivery["id"] for delivery in deliveries if delivery["endpoint_id"] in asleep])
    return any(listener.active for listener in told)


def bury(connection: Connection, deliveries: Collection[str]) -> None:
    """End these pending deliveries as dead: nobody tries them again unless their owner asks for it."""
    if deliveries:
        connection.execute(_BURY, {"deliveries_": list(deliveries), "moment_": now()})


def _listens(listener: _Listener, event_type: str) -> bool:
    """Whether an endpoint is told of this: it is named by the job, or its filters let it through (empty: all)."""
    if listener.webhook_endpoint_id == listener.endpoint_id:
        return True
    return _lets_through(listener.event_types, event_type) and _lets_through(listener.job_kinds, listener.kind)


def _lets_through(wanted: Iterable[str], found: str) -> bool:
    chosen = set(wanted)
    return not chosen or found in chosen


_ANYBODY = select(WebhookEndpoint.id).where(WebhookEndpoint.deleted_at.is_(None)).limit(1)
_LISTENERS = (
    select(
        Job.id.label("job_id"),
        Job.kind,
        Job.webhook_endpoint_id,
        WebhookEndpoint.id.label("endpoint_id"),
        WebhookEndpoint.active,
        WebhookEndpoint.event_types,
        WebhookEndpoint.job_kinds,
    )
    .join(WebhookEndpoint, WebhookEndpoint.owner_id == Job.owner_id)
    .where(Job.id.in_(bindparam("jobs_", expanding=True)), WebhookEndpoint.deleted_at.is_(None))
    .order_by(Job.id, WebhookEndpoint.id)
)
_NO_MORE: dict[str, Any] = {"next_attempt_at": None, "lease_until": None, "finished_at": bindparam("moment_")}
_BURY = (
    move(WebhookDelivery.state, DeliveryState.DEAD)
    .where(WebhookDelivery.id.in_(bindparam("deliveries_", expanding=True)))
    .values(_NO_MORE)
)

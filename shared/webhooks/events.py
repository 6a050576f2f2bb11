"""Events: what happened to jobs, written by the very transaction in which it happened, with who is told of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, bindparam, insert, select

from shared.deleted import DELETED_ACCOUNTS
from shared.identifiers import new_id, now
from shared.lifecycle import DeliveryState, JobStatus, move
from shared.tables import Job, WebhookDelivery, WebhookEndpoint, WebhookEvent

EventType: TypeAlias = Literal["job.succeeded", "job.partially_succeeded", "job.failed", "job.canceled", "job.expired"]
JobKind: TypeAlias = Literal["product", "catalogue", "ingest"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

_EndedJob: TypeAlias = Row[str, str, str, str | None]
_Listener: TypeAlias = Row[str, str, bool, list[str], list[str]]


def record_ends(connection: Connection, ended: Mapping[str, JobStatus]) -> bool:
    """Write an event for each of these jobs that somebody listens to; returns whether anything is to be delivered.

    What an endpoint listens to that is paused or disabled is written down as dead, so that its owner can ask for it.
    """
    if not ended or connection.scalar(_ANYBODY) is None:
        return False
    jobs = connection.execute(_JOBS, {"jobs_": list(ended)}).all()
    listeners = connection.execute(_LISTENERS, {"owners_": list({job.owner_id for job in jobs})}).all()
    told = list(_told(jobs, listeners, ended))
    if not told:
        return False
    events = {job_id: new_id() for job_id, _ in told}
    moment = now()
    connection.execute(
        insert(WebhookEvent),
        [
            {"id": event_id, "job_id": job_id, "type": f"job.{ended[job_id]}", "created_at": moment}
            for job_id, event_id in events.items()
        ],
    )
    connection.execute(
        insert(WebhookDelivery),
        [
            {"id": new_id(), "event_id": events[job_id], "endpoint_id": listener.id, "next_attempt_at": moment}
            for job_id, listener in told
        ],
    )
    asleep = {listener.id for _, listener in told if not listener.active}
    if asleep:
        born = {"events_": list(events.values()), "endpoints_": list(asleep), "moment_": moment}
        connection.execute(_BORN_DEAD, born)
    return any(listener.active for _, listener in told)


def _told(
    jobs: Iterable[_EndedJob], listeners: Iterable[_Listener], ended: Mapping[str, JobStatus]
) -> Iterator[tuple[str, _Listener]]:
    """Each of these jobs with each endpoint of its owner that is told of its end."""
    owned: dict[str, list[_Listener]] = {}
    for listener in listeners:
        owned.setdefault(listener.owner_id, []).append(listener)
    for job in jobs:
        for listener in owned.get(job.owner_id, ()):
            if _listens(listener, job, f"job.{ended[job.id]}"):
                yield job.id, listener


def bury(connection: Connection, deliveries: Collection[str]) -> None:
    """End these pending deliveries as dead: nobody tries them again unless their owner asks for it."""
    if deliveries:
        connection.execute(_BURY, {"deliveries_": list(deliveries), "moment_": now()})


def _listens(listener: _Listener, job: _EndedJob, event_type: str) -> bool:
    """Whether an endpoint is told of this: it is named by the job, or its filters let it through (empty: all)."""
    if job.webhook_endpoint_id == listener.id:
        return True
    return _lets_through(listener.event_types, event_type) and _lets_through(listener.job_kinds, job.kind)


def _lets_through(wanted: Iterable[str], found: str) -> bool:
    chosen = set(wanted)
    return not chosen or found in chosen


_ANYBODY = select(WebhookEndpoint.id).where(WebhookEndpoint.deleted_at.is_(None)).limit(1)
_JOBS = (
    select(Job.id, Job.owner_id, Job.kind, Job.webhook_endpoint_id)
    .where(Job.id.in_(bindparam("jobs_", expanding=True)))
    .order_by(Job.id)
)
_LISTENERS = (
    select(
        WebhookEndpoint.id,
        WebhookEndpoint.owner_id,
        WebhookEndpoint.active,
        WebhookEndpoint.event_types,
        WebhookEndpoint.job_kinds,
    )
    .where(
        WebhookEndpoint.owner_id.in_(bindparam("owners_", expanding=True)),
        WebhookEndpoint.owner_id.not_in(DELETED_ACCOUNTS),  # nobody would ask for it
        WebhookEndpoint.deleted_at.is_(None),
    )
    .order_by(WebhookEndpoint.id)
)
_NO_MORE: dict[str, Any] = {"next_attempt_at": None, "lease_until": None, "finished_at": bindparam("moment_")}
_BURY = (
    move(WebhookDelivery.state, DeliveryState.DEAD)
    .where(WebhookDelivery.id.in_(bindparam("deliveries_", expanding=True)))
    .values(_NO_MORE)
)
_BORN_DEAD = (
    move(WebhookDelivery.state, DeliveryState.DEAD)
    .where(
        WebhookDelivery.event_id.in_(bindparam("events_", expanding=True)),
        WebhookDelivery.endpoint_id.in_(bindparam("endpoints_", expanding=True)),
    )
    .values(_NO_MORE)
)

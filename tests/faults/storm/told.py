"""Told: everybody who listens has been told of every job that ended, under one id and with one body, and taken it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, func, select

from shared.lifecycle import DeliveryState
from shared.tables import WebhookDelivery, WebhookEndpoint
from tests.faults.storm.customers import Sent
from tests.faults.storm.findings import Findings
from tests.faults.storm.receivers import Arrival, Receiver
from tests.faults.storm.submissions import FoundJob


def check_deliveries(
    connection: Connection, receivers: Sequence[Receiver], pairs: Iterable[tuple[Sent, FoundJob]], found: Findings
) -> None:
    """Check what came to the receivers against the jobs that there are, and what the service's book says of it."""
    expected = set(_expected(receivers, pairs))
    told: dict[tuple[str, str, str], list[Arrival]] = defaultdict(list)
    ids, bodies = defaultdict(set), defaultdict(set)
    for receiver in receivers:
        found.figures["deliveries that came"] += len(receiver.arrivals)
        for _ in range(receiver.forged):
            found.add("forged", f"a delivery to {receiver.name} was not signed as it should be")
        for arrival in receiver.arrivals:
            told[receiver.name, arrival.job_id, arrival.event_type].append(arrival)
            ids[arrival.job_id].add(arrival.event_id)
            bodies[arrival.event_id].add((arrival.body_hash, arrival.event_type, arrival.status))
    taken = {key for key, arrivals in told.items() if any(arrival.taken for arrival in arrivals)}
    found.figures["deliveries expected"] = len(expected)
    found.figures["deliveries taken"] = len(taken & expected)
    found.figures["deliveries taken twice or more"] = sum(
        sum(arrival.taken for arrival in arrivals) > 1 for arrivals in told.values()
    )
    for name, job_id, event_type in sorted(expected - taken):
        found.add("untold", f"{name} has not taken {event_type} of job {job_id}")
    for name, job_id, event_type in sorted(told.keys() - expected):
        found.add("strange", f"{name} was told {event_type} of job {job_id}, which it does not listen to")
    for job_id, event_ids in ids.items():
        if len(event_ids) > 1:
            found.add("doubled", f"the end of job {job_id} was told under {len(event_ids)} ids")
    for event_id, variants in bodies.items():
        if len(variants) > 1:
            found.add("wrong", f"event {event_id} had {len(variants)} bodies")
    _book(connection, found)


def _expected(receivers: Sequence[Receiver], pairs: Iterable[tuple[Sent, FoundJob]]) -> Iterator[tuple[str, str, str]]:
    """Who must be told of what: a receiver's name, a job's id, and the type of event."""
    for sent, job in pairs:
        listeners = [each for each in receivers if each.owner == sent.owner]
        number = sent.goods.listener
        named = None if number is None else listeners[number % len(listeners)]
        for receiver in listeners:
            if receiver is named or receiver.listens(f"job.{job.status}", job.kind):
                yield receiver.name, job.id, f"job.{job.status}"


def _book(connection: Connection, found: Findings) -> None:
    """What the service itself says of deliveries and endpoints."""
    states = select(WebhookDelivery.state, func.count()).group_by(WebhookDelivery.state)
    for state, count in connection.execute(states):
        if state != DeliveryState.DELIVERED:
            found.add("untold", f"{count} deliveries are {state}")
    for url, reason in connection.execute(
        select(WebhookEndpoint.url, WebhookEndpoint.disabled_reason).where(~WebhookEndpoint.active)
    ):
        found.add("untold", f"{url} was disabled: {reason}")

"""Claim: take deliveries that are due, a few of each endpoint, so that a slow or dead receiver delays nobody else.

At most FOR_ONE deliveries are on their way to one endpoint at once, whichever workers have them, to one whose last try
failed FOR_FAILING, and to all of one account FOR_OWNER. A place goes to the account that has the fewest, and there to
the endpoint that has, so that neither a flood nor a hundred hanging endpoints of one hold up another's. A claim is a
lease: where it runs out, because the worker died, the delivery is due again, and what was sent may be sent twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select, update

from shared.identifiers import now
from shared.lifecycle import DeliveryState, in_states
from shared.tables import WebhookDelivery, WebhookEndpoint, WebhookEvent
from shared.webhooks.events import bury
from shared.webhooks.signing import signing_keys

FOR_ONE = 4
FOR_FAILING = 1
FOR_OWNER = 32  # half of what one worker has on its way; two that claim at the same moment may go past it
CANDIDATES = 256  # endpoints that a claim chooses from
MOST_TRIES = 100  # of a delivery whose tries are never booked, say because each ends its worker

_Candidate: TypeAlias = Row[str, str, datetime | None, datetime]


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery in hand: try number `attempt`, of which `tries` count; an event without a body gets one first.

    `is_failing` says that the last try to its endpoint has failed.
    """

    delivery_id: str
    attempt: int
    tries: int
    event_id: str
    job_id: str
    event_type: str
    happened_at: datetime
    body: str = field(repr=False)
    endpoint_id: str
    url: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    is_failing: bool


def claim_due(connection: Connection, places: int, places_for_failing: int, lease: timedelta) -> list[Due]:
    """Take up to `places` deliveries that are due, of those to endpoints that failed last time `places_for_failing`."""
    moment = now()
    busy = _on_their_way(connection, moment)
    wanted = _shared_out(_candidates(connection, busy, moment), busy, places, places_for_failing)
    taken: list[str] = []
    for endpoint_id, number in _locked(connection, wanted, moment).items():
        taken += connection.scalars(_DUE, {"endpoint_": endpoint_id, "now_": moment, "number_": number}).all()
    if not taken:
        return []
    connection.execute(_TAKE, {"deliveries_": taken, "until_": moment + lease})
    in_hand = _in_hand(connection, taken, moment)
    bury(connection, [due.delivery_id for due in in_hand if due.tries > MOST_TRIES])
    return [due for due in in_hand if due.tries <= MOST_TRIES]


def anything_due(connection: Connection) -> bool:
    """Whether a delivery waits for somebody to take it."""
    return connection.scalar(_WAITING_AT_ALL, {"now_": now()}) is not None


def _on_their_way(connection: Connection, moment: datetime) -> Counter[str]:
    """How many deliveries are on their way, by their endpoint's id and by its owner's."""
    busy: Counter[str] = Counter()
    for endpoint_id, owner_id, number in connection.execute(_HELD, {"now_": moment}):
        busy[endpoint_id] += number
        busy[owner_id] += number
    return busy


def _candidates(connection: Connection, busy: Mapping[str, int], moment: datetime) -> list[_Candidate]:
    """Endpoints that something is due to and that may have more, those that fail apart: neither keeps the other out."""
    return [
        each
        for statement, most in ((_GOOD, FOR_ONE), (_FAILING, FOR_FAILING))
        for each in connection.execute(
            statement,
            {"now_": moment, "full_": _with_at_least(busy, most), "owners_": _with_at_least(busy, FOR_OWNER)},
        )
    ]


def _with_at_least(busy: Mapping[str, int], number: int) -> list[str]:
    return [id_ for id_, on_their_way in busy.items() if on_their_way >= number]


def _shared_out(
    candidates: Sequence[_Candidate], busy: Mapping[str, int], places: int, places_for_failing: int
) -> Counter[str]:
    """How many deliveries of each endpoint to take, one place after the other."""
    taken: Counter[str] = Counter()
    busy = Counter(busy)
    failing = 0

    def may_have_more(each: _Candidate) -> bool:
        if each.failing_since is not None and failing >= places_for_failing:
            return False
        return busy[each.id] < _most(each.failing_since) and busy[each.owner_id] < FOR_OWNER

    for _ in range(places):
        usable = [each for each in candidates if may_have_more(each)]
        if not usable:
            break
        chosen = min(usable, key=lambda each: (busy[each.owner_id], busy[each.id], each.first_due))
        taken[chosen.id] += 1
        busy.update((chosen.id, chosen.owner_id))
        failing += chosen.failing_since is not None
    return taken


def _most(failing_since: datetime | None) -> int:
    """How many deliveries may be on their way to an endpoint."""
    return FOR_ONE if failing_since is None else FOR_FAILING


def _locked(connection: Connection, wanted: Mapping[str, int], moment: datetime) -> dict[str, int]:
    """As many of each endpoint as it still may have, once nobody else takes any.

    Two workers that claim at once would count the same deliveries, and together take twice as many.
    """
    if not wanted:
        return {}
    endpoints = connection.execute(_LOCK, {"endpoints_": list(wanted), "now_": moment}).all()
    busy = _on_their_way(connection, moment)
    room = {each.id: _most(each.failing_since) - busy[each.id] for each in endpoints}
    return {endpoint_id: min(wanted[endpoint_id], free) for endpoint_id, free in room.items() if free > 0}


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
            is_failing=each.failing_since is not None,
        )
        for each in found
    ]


_PENDING = in_states(WebhookDelivery.state, DeliveryState.PENDING)
IS_DUE = _PENDING & (WebhookDelivery.next_attempt_at <= bindparam("now_"))
_FIRST_DUE = (
    select(func.min(WebhookDelivery.next_attempt_at))
    .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, IS_DUE)
    .correlate(WebhookEndpoint)
    .scalar_subquery()
)
LISTENING = WebhookEndpoint.active & WebhookEndpoint.deleted_at.is_(None)
_WAITING_AT_ALL = select(WebhookEndpoint.id).where(LISTENING, _FIRST_DUE.is_not(None)).limit(1)


def _waiting(which: ColumnElement[bool]) -> Select[str, str, datetime | None, datetime]:
    """Endpoints with something due: of each account the first, then of each the second, and so on."""
    found = (
        select(
            WebhookEndpoint.id, WebhookEndpoint.owner_id, WebhookEndpoint.failing_since, _FIRST_DUE.label("first_due")
        )
        .where(
            which,
            LISTENING,
            WebhookEndpoint.id.not_in(bindparam("full_", expanding=True)),
            WebhookEndpoint.owner_id.not_in(bindparam("owners_", expanding=True)),
        )
        .subquery()
    )
    turn = func.row_number().over(partition_by=found.c.owner_id, order_by=(found.c.first_due, found.c.id))
    return (
        select(found.c.id, found.c.owner_id, found.c.failing_since, found.c.first_due)
        .where(found.c.first_due.is_not(None))
        .order_by(turn, found.c.first_due, found.c.id)
        .limit(CANDIDATES)
    )


_GOOD = _waiting(WebhookEndpoint.failing_since.is_(None))
_FAILING = _waiting(WebhookEndpoint.failing_since.is_not(None))
_LOCK = (
    select(WebhookEndpoint.id, WebhookEndpoint.failing_since)
    .where(WebhookEndpoint.id.in_(bindparam("endpoints_", expanding=True)), LISTENING)
    .order_by(WebhookEndpoint.id)
    .with_for_update(key_share=True, skip_locked=True)
)
_HELD = (
    select(WebhookDelivery.endpoint_id, WebhookEndpoint.owner_id, func.count())
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    .where(WebhookDelivery.lease_until.is_not(None), WebhookDelivery.lease_until > bindparam("now_"))
    .group_by(WebhookDelivery.endpoint_id, WebhookEndpoint.owner_id)
)
_DUE = (
    select(WebhookDelivery.id)
    .where(WebhookDelivery.endpoint_id == bindparam("endpoint_"), IS_DUE)
    .order_by(WebhookDelivery.next_attempt_at)  # and by nothing else: the index is in this order
    .limit(bindparam("number_"))
    .with_for_update(skip_locked=True)  # whoever erases one just now need not be waited for
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
        WebhookEndpoint.failing_since,
    )
    .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    .where(WebhookDelivery.id.in_(bindparam("deliveries_", expanding=True)))
    .order_by(WebhookDelivery.id)
)

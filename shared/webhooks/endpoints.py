"""Endpoints: where somebody wants to be told, and with which secret what they are told is signed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared.errors import Conflict, InvalidInput, NotFound
from shared.identifiers import new_id, now
from shared.tables import User, WebhookEndpoint
from shared.webhooks.signing import new_secret

MOST_ENDPOINTS = 100  # of one account: each ended job is told to all of them
BOTH_SIGN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where somebody wants to be told. Empty `event_types` or `job_kinds` let everything through."""

    id: str
    owner_id: str
    url: str
    secret: str = field(repr=False)
    previous_secret: str | None = field(repr=False)
    previous_secret_until: datetime | None
    event_types: list[str]
    job_kinds: list[str]
    active: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EndpointChanges:
    """What is to be another; None leaves it."""

    url: str | None = None
    event_types: list[str] | None = None
    job_kinds: list[str] | None = None
    active: bool | None = None


_COLUMNS = (
    WebhookEndpoint.id,
    WebhookEndpoint.owner_id,
    WebhookEndpoint.url,
    WebhookEndpoint.secret,
    WebhookEndpoint.previous_secret,
    WebhookEndpoint.previous_secret_until,
    WebhookEndpoint.event_types,
    WebhookEndpoint.job_kinds,
    WebhookEndpoint.active,
    WebhookEndpoint.disabled_reason,
    WebhookEndpoint.failing_since,
    WebhookEndpoint.created_at,
)
_IS_THERE = WebhookEndpoint.deleted_at.is_(None)


def add_endpoint(
    connection: Connection, owner_id: str, url: str, event_types: Sequence[str], job_kinds: Sequence[str]
) -> Endpoint:
    """Register a URL that has been checked. Raises Conflict when the account has it already, or has too many."""
    connection.execute(select(User.id).where(User.id == owner_id).with_for_update(key_share=True))
    owned = select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.owner_id == owner_id, _IS_THERE)
    if (connection.scalar(owned) or 0) >= MOST_ENDPOINTS:
        raise Conflict(f"An account has at most {MOST_ENDPOINTS} webhooks; delete one first.", code="TOO_MANY_WEBHOOKS")
    endpoint_id = new_id()
    try:
        with connection.begin_nested():
            connection.execute(
                insert(WebhookEndpoint).values(
                    id=endpoint_id,
                    owner_id=owner_id,
                    url=url,
                    secret=new_secret(),
                    event_types=list(event_types),
                    job_kinds=list(job_kinds),
                )
            )
    except IntegrityError:
        raise _taken() from None
    return endpoint_by_id(connection, endpoint_id)


def endpoint_by_id(connection: Connection, endpoint_id: str, owner_id: str | None = None) -> Endpoint:
    """The endpoint of this id. Raises NotFound when there is none, or when it is not `owner_id`'s (None: anybody's)."""
    wanted = select(*_COLUMNS).where(WebhookEndpoint.id == endpoint_id, _IS_THERE)
    if owner_id is not None:
        wanted = wanted.where(WebhookEndpoint.owner_id == owner_id)
    found = connection.execute(wanted).one_or_none()
    if found is None:
        raise NotFound("There is no such webhook.")
    return Endpoint(**found._mapping)


def endpoints_after(connection: Connection, owner_id: str, endpoint_id: str | None, limit: int) -> list[Endpoint]:
    """Up to `limit` endpoints of an account in the order they were made, from behind the one of this id."""
    wanted = select(*_COLUMNS).where(WebhookEndpoint.owner_id == owner_id, _IS_THERE)
    if endpoint_id is not None:
        wanted = wanted.where(WebhookEndpoint.id > endpoint_id)
    return [Endpoint(**each._mapping) for each in connection.execute(wanted.order_by(WebhookEndpoint.id).limit(limit))]


def endpoint_named(connection: Connection, owner_id: str, url: str, where: str) -> str:
    """The id of the account's endpoint at a URL. Raises InvalidInput when there is none: its secret would sign."""
    found = connection.scalar(
        select(WebhookEndpoint.id).where(WebhookEndpoint.owner_id == owner_id, WebhookEndpoint.url == url, _IS_THERE)
    )
    if found is None:
        raise InvalidInput(
            "No webhook of yours has this URL; POST /api/webhooks registers it.", where=where, code="UNKNOWN_WEBHOOK"
        )
    return found


def change_endpoint(connection: Connection, endpoint_id: str, changes: EndpointChanges) -> None:
    """Change an endpoint that is there. One that is active again begins anew. Raises Conflict for a URL it has."""
    values: dict[str, object] = {
        name: value
        for name in ("url", "event_types", "job_kinds", "active")
        if (value := getattr(changes, name)) is not None
    }
    if changes.active:
        values |= {"disabled_reason": None, "failing_since": None, "deaths": 0}
    if not values:
        return
    try:
        with connection.begin_nested():
            connection.execute(
                update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, _IS_THERE).values(**values)
            )
    except IntegrityError:
        raise _taken() from None


def rotate_secret(connection: Connection, endpoint_id: str) -> Endpoint:
    """Give an endpoint another secret; for a day the one that it had signs beside it."""
    connection.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(secret=new_secret(), previous_secret=WebhookEndpoint.secret, previous_secret_until=now() + BOTH_SIGN)
    )
    return endpoint_by_id(connection, endpoint_id)


def delete_endpoint(connection: Connection, endpoint_id: str) -> None:
    """Delete an endpoint with its deliveries: nobody is told there any more. The eraser removes the rows."""
    connection.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(deleted_at=now(), active=False, secret="", previous_secret=None)
    )


def _taken() -> Conflict:
    return Conflict("There is a webhook of yours at this URL already.", code="WEBHOOK_EXISTS")

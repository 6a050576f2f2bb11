"""What it takes to set up webhooks beyond one statement: their URLs are looked up on the way in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.security import whose
from api.services import Services
from shared.identifiers import now
from shared.lanes import WEBHOOKS
from shared.outgoing.urls import LONGEST_URL
from shared.users import Account
from shared.webhooks.deliveries import AT_ONCE, recover
from shared.webhooks.endpoints import Endpoint, EndpointChanges, add_endpoint, change_endpoint, endpoint_by_id
from shared.webhooks.events import EventType, JobKind

MOST_RECOVERED = 100_000  # of one call, which takes some seconds
_URL: dict[str, Any] = {"format": "uri", "maxLength": LONGEST_URL}  # only said: what is too long is refused as a URL


def _optional(schema: dict[str, Any]) -> None:
    """Take the default out of a field's schema: what is left out here is not set to anything."""
    schema.pop("default")


def _optional_url(schema: dict[str, Any]) -> None:
    _optional(schema)
    schema.update(_URL)


class NewWebhook(BaseModel):
    """Where to tell, and of what: empty lists let everything through."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"url": "https://shop.example.com/shelfwise", "job_kinds": ["catalogue"]}},
    )

    url: str = Field(strict=True, json_schema_extra=_URL)
    events: list[EventType] = []
    job_kinds: list[JobKind] = []


class WebhookChanges(BaseModel):
    """What is to be different, at least one thing."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"active": True}, "minProperties": 1})

    url: str = Field(default="", strict=True, json_schema_extra=_optional_url)
    events: list[EventType] = Field(default=[], json_schema_extra=_optional)
    job_kinds: list[JobKind] = Field(default=[], json_schema_extra=_optional)
    active: bool = Field(default=True, strict=True, json_schema_extra=_optional)

    @model_validator(mode="after")
    def _something(self) -> "WebhookChanges":
        if not self.model_fields_set:
            raise ValueError("Name at least one of url, events, job_kinds and active.")
        return self


async def register(services: Services, account: Account, new: NewWebhook) -> Endpoint:
    """Register a webhook. Raises UrlRefused, TooManyRequests, and Conflict when there is one, or there are too many."""
    url = await services.receivers.plain_url(account.id, new.url)

    def add() -> Endpoint:
        with services.database.begin() as connection:
            return add_endpoint(connection, account.id, url, _each_once(new.events), _each_once(new.job_kinds))

    return await to_thread.run_sync(add)


async def change(services: Services, account: Account, webhook_id: str, changes: WebhookChanges) -> Endpoint:
    """Change a webhook. Raises NotFound, UrlRefused, TooManyRequests, and Conflict when another one has the URL."""
    given = changes.model_fields_set
    await to_thread.run_sync(existing, services, account, webhook_id)
    wanted = EndpointChanges(
        url=await services.receivers.plain_url(account.id, changes.url) if "url" in given else None,
        event_types=_each_once(changes.events) if "events" in given else None,
        job_kinds=_each_once(changes.job_kinds) if "job_kinds" in given else None,
        active=changes.active if "active" in given else None,
    )

    def write() -> Endpoint:
        with services.database.begin() as connection:
            endpoint_by_id(connection, webhook_id, whose(account))
            change_endpoint(connection, webhook_id, wanted)
            return endpoint_by_id(connection, webhook_id)

    changed = await to_thread.run_sync(write)
    services.ringer.ring(WEBHOOKS)
    return changed


def existing(services: Services, account: Account, webhook_id: str) -> Endpoint:
    """A webhook that this account may see. Raises NotFound."""
    with services.database.read() as connection:
        return endpoint_by_id(connection, webhook_id, whose(account))


def recover_all(services: Services, account: Account, webhook_id: str, since: datetime) -> int:
    """Have everything tried again that is dead by now, of events since then, up to MOST_RECOVERED; returns how many.

    Raises NotFound, and Conflict while the webhook is not active.
    """
    moment, total = now(), 0
    while total < MOST_RECOVERED:
        with services.database.begin() as connection:
            endpoint_by_id(connection, webhook_id, whose(account))
            some = recover(connection, webhook_id, since, moment)
        services.ringer.ring(WEBHOOKS)
        total += some
        if some < AT_ONCE:
            break
    return total


def _each_once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))

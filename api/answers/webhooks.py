"""A webhook, and what came of telling it."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from shared.identifiers import now
from shared.lifecycle import DeliveryState
from shared.webhooks.deliveries import Attempt, DeliveryRecord
from shared.webhooks.endpoints import Endpoint
from shared.webhooks.events import EventType, JobKind
from shared.webhooks.outcomes import Came

_DIGITS = 3


class WebhookAnswer(BaseModel):
    """Where an account wants to be told, and of what: empty lists let everything through."""

    id: str
    url: str
    events: list[EventType]
    job_kinds: list[JobKind]
    active: bool
    disabled_reason: str | None = Field(description="Why the service has disabled it; null when its owner has.")
    failing_since: datetime | None = Field(description="Since when nothing has arrived; null after each success.")
    previous_secret_until: datetime | None = Field(description="Until when the secret before signs, too.")
    created_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """The answer for a webhook."""
        return cls.model_validate(_shown(endpoint))


class NewWebhookAnswer(WebhookAnswer):
    """A webhook just made. Its secret is shown here and never again."""

    secret: str

    @classmethod
    def with_secret(cls, endpoint: Endpoint) -> Self:
        """The answer for a webhook that was just made."""
        return cls.model_validate(_shown(endpoint) | {"secret": endpoint.secret})


class WebhookSecretAnswer(BaseModel):
    """A webhook's new secret, shown here and never again."""

    secret: str
    previous_secret_until: datetime | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """The answer for a webhook whose secret is new."""
        return cls(secret=endpoint.secret, previous_secret_until=_until(endpoint))


class PingAnswer(BaseModel):
    """What came of a test: the answer's status and its first characters, or the error in place of an answer."""

    delivered: bool
    status: int | None
    seconds: float
    response: str | None
    error: str | None

    @classmethod
    def of(cls, came: Came) -> Self:
        """The answer for what came back."""
        return cls(delivered=came.delivered, **_answered(came))


class AttemptAnswer(BaseModel):
    """One try: the answer's status and its first characters, or the error in place of an answer."""

    number: int
    started_at: datetime
    seconds: float
    status: int | None
    response: str | None
    error: str | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """The answer for a try."""
        return cls(number=attempt.number, started_at=attempt.started_at, **_answered(attempt))


class DeliveryAnswer(BaseModel):
    """One event on its way to one webhook, with its tries. `event_id` is the `webhook-id` of each of them."""

    id: str
    event_id: str
    type: EventType
    job_id: str
    status: DeliveryState
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    attempts: list[AttemptAnswer] = Field(description="The latest fifty, oldest first.")

    @classmethod
    def of(cls, delivery: DeliveryRecord) -> Self:
        """The answer for a delivery."""
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            type=delivery.type,  # type: ignore[arg-type]  # pydantic checks the value
            job_id=delivery.job_id,
            status=delivery.state,
            next_attempt_at=delivery.next_attempt_at,
            created_at=delivery.created_at,
            finished_at=delivery.finished_at,
            attempts=[AttemptAnswer.of(attempt) for attempt in delivery.attempts],
        )


class RecoveredAnswer(BaseModel):
    """How many deliveries are tried again."""

    recovered: int


def webhook_path(webhook_id: str) -> str:
    """Where a webhook is found."""
    return f"/api/webhooks/{webhook_id}"


def _shown(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": endpoint.event_types,
        "job_kinds": endpoint.job_kinds,
        "active": endpoint.active,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "previous_secret_until": _until(endpoint),
        "created_at": endpoint.created_at,
    }


def _answered(tried: Came | Attempt) -> dict[str, Any]:
    """What came back from a receiver, and how long that took."""
    return {
        "status": tried.status,
        "seconds": round(tried.seconds, _DIGITS),
        "response": tried.response,
        "error": tried.error,
    }


def _until(endpoint: Endpoint) -> datetime | None:
    """Until when two secrets sign, if they still do."""
    until = endpoint.previous_secret_until
    return until if until is not None and until > now() else None

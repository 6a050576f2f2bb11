"""Steps of webhooks as tests take them: one transaction each."""

from datetime import timedelta

from sqlalchemy import Connection, update

from shared.database import Database
from shared.identifiers import now
from shared.lifecycle import DeliveryState
from shared.tables import WebhookDelivery
from shared.webhooks.claim import Due, claim_due
from shared.webhooks.deliveries import DeliveryRecord, deliveries_before
from shared.webhooks.endpoints import Endpoint, add_endpoint, endpoint_by_id
from shared.webhooks.outcomes import Came, write_outcome

LEASE = timedelta(seconds=30)
DELAYS = (0.0, 5.0, 300.0)
URL = "https://shop.example/hooks"


def listen(
    database: Database, owner: str, url: str = URL, *, events: tuple[str, ...] = (), kinds: tuple[str, ...] = ()
) -> str:
    """Register an endpoint, and return its id."""
    with database.begin() as connection:
        return add_endpoint(connection, owner, url, events, kinds).id


def endpoint(database: Database, endpoint_id: str) -> Endpoint:
    with database.read() as connection:
        return endpoint_by_id(connection, endpoint_id)


def deliveries(database: Database, endpoint_id: str, state: DeliveryState | None = None) -> list[DeliveryRecord]:
    """All deliveries of an endpoint, oldest first."""
    with database.read() as connection:
        return deliveries_before(connection, endpoint_id, state, None, 1000)[::-1]


def take(database: Database, places: int = 64, failing: int = 32, lease: timedelta = LEASE) -> list[Due]:
    with database.begin() as connection:
        return claim_due(connection, places, failing, lease)


def answered(status: int | None, **more: object) -> Came:
    error = None if status else "The host did not answer completely in time."
    return Came(started_at=now(), seconds=0.1, status=status, error=error, **more)  # type: ignore[arg-type]


def book(database: Database, due: Due, came: Came) -> DeliveryState | None:
    with database.begin() as connection:
        return write_outcome(connection, due, came, DELAYS)


def let_time_pass(connection: Connection, seconds: float) -> None:
    """Have everything that is due in so many seconds due now."""
    past = timedelta(seconds=seconds)
    for delivery_id, due_at, until in connection.execute(
        WebhookDelivery.__table__.select().with_only_columns(
            WebhookDelivery.id, WebhookDelivery.next_attempt_at, WebhookDelivery.lease_until
        )
    ).all():
        connection.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == delivery_id)
            .values(next_attempt_at=due_at and due_at - past, lease_until=until and until - past)
        )

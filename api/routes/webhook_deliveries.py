"""What has been sent to a webhook, each try of it, and what is to be sent again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.answers.pages import Page
from api.answers.webhooks import DeliveryAnswer, RecoveredAnswer
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Limit, Since, page_start, path_delivery_id, path_id
from api.problems import problems
from api.security import CurrentUser, whose
from api.services import TheServices
from api.webhooks import MOST_RECOVERED, recover_all
from shared.lanes import WEBHOOKS
from shared.lifecycle import DeliveryState
from shared.webhooks.deliveries import deliveries_before, delivery_by_id, redeliver
from shared.webhooks.endpoints import endpoint_by_id

router = APIRouter(prefix="/api/webhooks/{id}", tags=["webhooks"])
WebhookId = Annotated[str, Depends(path_id)]


@router.get(
    "/deliveries",
    operation_id="list_deliveries",
    responses=problems(404, *LIST_PROBLEMS),
    summary="List a webhook's deliveries",
)
def list_deliveries(
    account: CurrentUser,
    services: TheServices,
    webhook_id: WebhookId,
    start: Annotated[str | None, Depends(page_start)],
    status: DeliveryState | None = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[DeliveryAnswer]:
    """What was and is to be sent to a webhook, newest first, each with its tries."""
    with services.database.read() as connection:
        endpoint_by_id(connection, webhook_id, whose(account))
        deliveries = deliveries_before(connection, webhook_id, status, start, limit + 1)
    return Page[DeliveryAnswer].of(deliveries, limit, DeliveryAnswer.of, lambda delivery: delivery.id)


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    status_code=202,
    operation_id="redeliver",
    responses=problems(404, "409 WEBHOOK_INACTIVE"),
    summary="Send something again",
)
def send_again(
    account: CurrentUser,
    services: TheServices,
    webhook_id: WebhookId,
    delivery_id: Annotated[str, Depends(path_delivery_id)],
) -> DeliveryAnswer:
    """Send an event again, whatever came of it before. One that is waiting for its next try is tried now."""
    with services.database.begin() as connection:
        endpoint_by_id(connection, webhook_id, whose(account))
        redeliver(connection, webhook_id, delivery_id)
        delivery = delivery_by_id(connection, webhook_id, delivery_id)
    services.ringer.ring(WEBHOOKS)
    return DeliveryAnswer.of(delivery)


@router.post(
    "/recover",
    status_code=202,
    operation_id="recover_deliveries",
    responses=problems(404, "409 WEBHOOK_INACTIVE", 422),
    summary="Send again what has not arrived",
    description=f"Send everything again that has died, of events since then; at most {MOST_RECOVERED} in one call.",
)
def recover(
    account: CurrentUser,
    services: TheServices,
    webhook_id: WebhookId,
    since: Annotated[Since, Query(description="Only of events at this time or later.")],
) -> RecoveredAnswer:
    """Send everything again that has died."""
    return RecoveredAnswer(recovered=recover_all(services, account, webhook_id, since))

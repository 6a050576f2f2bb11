"""Webhooks: where an account wants to be told how its jobs have ended."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Response

from api.answers.pages import Page
from api.answers.webhooks import NewWebhookAnswer, PingAnswer, WebhookAnswer, WebhookSecretAnswer, webhook_path
from api.json_body import JSON_PROBLEMS, documented, json_body
from api.openapi.headers import headers
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Limit, page_start, path_id
from api.problems import problems
from api.security import CurrentUser, whose
from api.services import TheServices
from api.webhook_ping import ping
from api.webhooks import NewWebhook, WebhookChanges, change, existing, register
from shared.webhooks.endpoints import delete_endpoint, endpoint_by_id, endpoints_after, rotate_secret

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])
WebhookId = Annotated[str, Depends(path_id)]
_URL_PROBLEMS = ("409 WEBHOOK_EXISTS", *JSON_PROBLEMS, "422 WEBHOOK_URL_REFUSED", "429 TOO_MANY_WEBHOOK_CALLS")


@router.get("", operation_id="list_webhooks", responses=problems(*LIST_PROBLEMS), summary="List webhooks")
def list_webhooks(
    account: CurrentUser,
    services: TheServices,
    start: Annotated[str | None, Depends(page_start)],
    limit: Limit = LIMIT_DEFAULT,
) -> Page[WebhookAnswer]:
    """One's own webhooks, in the order they were made."""
    with services.database.read() as connection:
        endpoints = endpoints_after(connection, account.id, start, limit + 1)
    return Page[WebhookAnswer].of(endpoints, limit, WebhookAnswer.of, lambda endpoint: endpoint.id)


@router.post(
    "",
    status_code=201,
    operation_id="add_webhook",
    responses={201: headers("Location"), **problems("409 TOO_MANY_WEBHOOKS", *_URL_PROBLEMS)},
    openapi_extra=documented(NewWebhook),
    summary="Register a webhook",
)
async def add_webhook(
    account: CurrentUser,
    services: TheServices,
    new: Annotated[NewWebhook, Depends(json_body(NewWebhook))],
    response: Response,
) -> NewWebhookAnswer:
    """Register a URL that is told when jobs end. The secret that signs is in this answer and in no other.

    The URL's host is looked up now, and again at each request to it: it has to lead to public addresses.
    """
    endpoint = await register(services, account, new)
    response.headers["Location"] = webhook_path(endpoint.id)
    return NewWebhookAnswer.with_secret(endpoint)


@router.get("/{id}", operation_id="get_webhook", responses=problems(404), summary="One webhook")
def one_webhook(account: CurrentUser, services: TheServices, webhook_id: WebhookId) -> WebhookAnswer:
    """One webhook."""
    return WebhookAnswer.of(existing(services, account, webhook_id))


@router.patch(
    "/{id}",
    operation_id="change_webhook",
    responses=problems(404, *_URL_PROBLEMS),
    openapi_extra=documented(WebhookChanges),
    summary="Change a webhook",
)
async def change_webhook(
    account: CurrentUser,
    services: TheServices,
    webhook_id: WebhookId,
    changes: Annotated[WebhookChanges, Depends(json_body(WebhookChanges))],
) -> WebhookAnswer:
    """Change a webhook. With `active` it is paused, and taken up again: then nothing is held against it any more."""
    return WebhookAnswer.of(await change(services, account, webhook_id, changes))


@router.delete(
    "/{id}", status_code=204, operation_id="delete_webhook", responses=problems(404), summary="Delete a webhook"
)
def delete_webhook(account: CurrentUser, services: TheServices, webhook_id: WebhookId) -> None:
    """Delete a webhook with its deliveries. Nothing more is sent there."""
    with services.database.begin() as connection:
        endpoint_by_id(connection, webhook_id, whose(account))
        delete_endpoint(connection, webhook_id)


@router.post(
    "/{id}/rotate",
    operation_id="rotate_webhook_secret",
    responses=problems(404),
    summary="Give a webhook another secret",
)
def rotate(account: CurrentUser, services: TheServices, webhook_id: WebhookId) -> WebhookSecretAnswer:
    """Give a webhook another secret, shown this once. For 24 hours the one before signs beside it."""
    with services.database.begin() as connection:
        endpoint_by_id(connection, webhook_id, whose(account))
        return WebhookSecretAnswer.of(rotate_secret(connection, webhook_id))


@router.post(
    "/{id}/test",
    operation_id="test_webhook",
    responses=problems(404, "429 TOO_MANY_WEBHOOK_CALLS"),
    summary="Test a webhook",
)
async def send_test(account: CurrentUser, services: TheServices, webhook_id: WebhookId) -> PingAnswer:
    """Send `webhook.test` now, signed as events are, also to a webhook that is not active, and say what came back."""
    endpoint = await to_thread.run_sync(existing, services, account, webhook_id)
    return PingAnswer.of(await ping(services, account, endpoint))

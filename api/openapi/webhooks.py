"""What the service sends to webhooks, in the document, with the headers by which a receiver checks it."""

from collections.abc import Mapping
from typing import Any

from shared.webhooks.events import EVENT_TYPES

_TEST = "webhook.test"
_WHEN = {
    "job.succeeded": "Every row has a prediction",
    "job.partially_succeeded": "Some rows have errors",
    "job.failed": "No row could be predicted",
    "job.canceled": "Somebody has canceled the job",
    "job.expired": "The job's time was up",
}


def _header(name: str, description: str, schema: dict[str, Any], example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


WEBHOOK_HEADERS: Mapping[str, dict[str, Any]] = {
    "webhook-id": _header(
        "webhook-id",
        "The event's id, the same in every try and at every webhook: what has come under it before is passed over.",
        {"type": "string", "format": "uuid"},
        "01932d3c-8a10-7b51-9c3f-2f7d6a1b0c44",
    ),
    "webhook-timestamp": _header(
        "webhook-timestamp",
        "When it is sent, in seconds since 1970; what is older than five minutes is not to be trusted.",
        {"type": "string", "pattern": "^[0-9]+$"},
        "1795253400",
    ),
    "webhook-signature": _header(
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` in Base64. The key is the bytes whose "
        "Base64 follows `whsec_` in the secret. For 24 hours after a rotation there are two, with a space between.",
        {"type": "string", "pattern": "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$"},
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
_RESPONSES = {
    "2XX": {"description": "It has arrived"},
    "410": {"description": "The receiver wants no more: the webhook is disabled"},
    "default": {"description": "It has not arrived, and is tried again by the schedule; so is what gets no answer"},
}


def told_webhooks() -> dict[str, Any]:
    """The requests that receivers get (Standard Webhooks), each under the type of its event."""
    events = {
        event: _request(_WHEN[event], "EventBody", "Sent when a job that a webhook listens to has ended so.")
        for event in EVENT_TYPES
    }
    return events | {_TEST: _request("A test", "Ping", "Sent by `POST /api/webhooks/{id}/test`, once.")}


def _request(summary: str, schema: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        "post": {
            "tags": ["webhooks"],
            "summary": summary,
            "description": description,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in WEBHOOK_HEADERS],
            "requestBody": {"required": True, "content": content},
            "responses": _RESPONSES,
        }
    }

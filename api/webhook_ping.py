"""A test of a webhook: something is sent to its receiver now, signed like an event, and in no book."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from api.services import Services
from shared.identifiers import new_id, now
from shared.users import Account
from shared.webhooks.endpoints import Endpoint
from shared.webhooks.outcomes import Came
from shared.webhooks.sending import send
from shared.webhooks.signing import signing_keys


class PingData(BaseModel):
    """Which webhook it is."""

    webhook_id: str


class Ping(BaseModel):
    """What a receiver gets."""

    type: Literal["webhook.test"]
    timestamp: datetime
    data: PingData


async def ping(services: Services, account: Account, endpoint: Endpoint) -> Came:
    """Send a test, also to a webhook that is not active; returns what came back. Raises TooManyRequests."""
    moment = now()
    body = Ping(type="webhook.test", timestamp=moment, data=PingData(webhook_id=endpoint.id)).model_dump_json()
    keys = signing_keys(endpoint.secret, endpoint.previous_secret, endpoint.previous_secret_until, moment)
    return await services.receivers.ask(account.id, lambda outgoing: send(outgoing, endpoint.url, new_id(), body, keys))

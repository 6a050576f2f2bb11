"""Standard Webhooks (https://www.standardwebhooks.com): secrets, and the headers by which a receiver knows us."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

SECRET_BYTES = 32


def new_secret() -> str:
    """A secret as receivers keep it: `whsec_` and Base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def signing_keys(secret: str, previous: str | None, until: datetime | None, moment: datetime) -> tuple[str, ...]:
    """The secrets that sign at this moment: the newest, and the one before it until its time is up."""
    return (secret, previous) if previous is not None and until is not None and moment < until else (secret,)


def signed_headers(message_id: str, moment: datetime, body: str, keys: Sequence[str]) -> list[tuple[str, str]]:
    """The headers for exactly this body, signed with each of these secrets: any one of them is enough to check it."""
    signatures = " ".join(Webhook(key).sign(message_id, moment, body) for key in keys)
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", str(int(moment.timestamp()))),
        ("webhook-signature", signatures),
    ]

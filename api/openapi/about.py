"""What the document says of the service as a whole."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.users import Role

ABOUT = """Puts every product of a catalogue on the right shelf.

Sign in at `/api/auth`, submit a product at `/api/predict`, and read its category at the job's address.
Errors are `application/problem+json` (RFC 9457) with a stable `code`; which ones a call answers is listed with it.
Times are RFC 3339 in UTC. Ids that are unknown and ids that are somebody else's both answer 404. Lists come in
pages: `next_cursor` of one leads to the following one."""

TAGS: Sequence[dict[str, str]] = (
    {"name": "accounts", "description": "Signing in (OAuth 2), one's own account, and for administrators everybody's."},
    {"name": "predictions", "description": "Submitting a product, and what came of it."},
    {"name": "jobs", "description": "What was submitted, and how far it is."},
    {"name": "webhooks", "description": "Being told when jobs have ended, and what has been told."},
    {"name": "catalogue", "description": "The categories, and the labelled products that training learns from."},
    {"name": "models", "description": "Trained bundles, and which one answers."},
    {"name": "monitor", "description": "How the service does: what waits, how fast it goes, how good the answers are."},
    {"name": "health", "description": "For whoever starts, watches and stops the service."},
)

BEARER, COOKIE, METRICS = "oauth2", "session", "metrics"
_SCOPES = {
    Role.USER.value: "See and do what is one's own.",
    Role.REVIEWER.value: "Read and correct everyone's predictions and photos too.",
    Role.ADMIN.value: "Everything.",
}
_TOKENS = {"tokenUrl": "/api/auth", "scopes": _SCOPES}
SECURITY_SCHEMES: Mapping[str, dict[str, Any]] = {
    BEARER: {
        "type": "oauth2",
        "description": "People sign in with a name and a password, services with a client id and its secret. The scope "
        "granted is the account's role; none needs to be asked for.",
        "flows": {"password": {**_TOKENS, "refreshUrl": "/api/auth"}, "clientCredentials": _TOKENS},
    },
    COOKIE: {
        "type": "apiKey",
        "in": "cookie",
        "name": "shelfwise_refresh",
        "description": "The refresh token of the web page's session, set by `POST /api/auth/session`.",
    },
    METRICS: {
        "type": "http",
        "scheme": "bearer",
        "description": "SHELFWISE_METRICS_TOKEN. A client on the machine itself needs none.",
    },
}

"""What the document says of calls that only the service's own page makes."""

from typing import Any

from api.openapi.about import COOKIE

FROM_PAGE: dict[str, Any] = {
    "security": [{COOKIE: []}, {}],  # with the cookie, or before there is one
    "parameters": [
        {
            "name": "Sec-Fetch-Site",
            "in": "header",
            "required": False,
            "description": "Set by browsers. It must be `same-origin`, unless `Origin` is the service's own.",
            "schema": {"type": "string", "enum": ["same-origin"]},
        },
        {
            "name": "Origin",
            "in": "header",
            "required": False,
            "description": "Set by browsers. It must be the service's own, unless `Sec-Fetch-Site` is `same-origin`.",
            "schema": {"type": "string"},
        },
    ],
}

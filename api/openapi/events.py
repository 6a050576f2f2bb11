"""Server-sent events in the document: what each of them holds."""

from typing import Any

EVENT_STREAM: dict[str, Any] = {
    "text/event-stream": {
        "schema": {  # of each event: OpenAPI has `itemSchema` for that from 3.2 on
            "description": "Each event.",
            "type": "object",
            "properties": {
                "event": {"const": "job"},
                "id": {"type": "string", "pattern": "^[0-9]+$", "description": "The job's `version`."},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": "#/components/schemas/JobAnswer"},
                },
                "retry": {"type": "integer", "minimum": 0},
            },
        }
    }
}

"""The OpenAPI document, at /api/openapi.json."""

from typing import Any

from fastapi import FastAPI
from starlette.types import Lifespan

from api.problems import MEDIA_TYPE

_SCHEMAS = "#/components/schemas/"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")
_ABOUT = """Puts every product of a catalogue on the right shelf.

Sign in at `/api/auth`, submit a product at `/api/predict`, and read its category at the job's address.
Errors are `application/problem+json` (RFC 9457) with a stable `code`. Times are RFC 3339 in UTC."""


class DocumentedApi(FastAPI):
    """FastAPI with its document where the contract has it, and without pages that load other hosts' scripts."""

    def __init__(self, lifespan: Lifespan["DocumentedApi"]) -> None:
        super().__init__(
            title="Shelfwise",
            version="1",
            description=_ABOUT,
            openapi_url="/api/openapi.json",
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,  # a redirect would repeat the Host header, which is the caller's
            lifespan=lifespan,
        )

    def openapi(self) -> dict[str, Any]:
        """The document, with every error as the service answers it."""
        if self.openapi_schema is None:
            document = super().openapi()
            for path in document["paths"].values():
                for operation in path.values():
                    _describe_errors(operation["responses"])
                    _share_definitions(operation, document["components"]["schemas"])
            for unused in _FASTAPIS_OWN:
                document["components"]["schemas"].pop(unused, None)
            self.openapi_schema = document
        return self.openapi_schema


def _describe_errors(responses: dict[str, Any]) -> None:
    """Give problems their own media type, and drop the answer that FastAPI thinks it gives to wrong input."""
    for status, response in list(responses.items()):
        content = response.get("content", {})
        schema = content.get("application/json", {}).get("schema", {}).get("$ref", "").removeprefix(_SCHEMAS)
        if schema == "Problem":
            content[MEDIA_TYPE] = content.pop("application/json")
        elif schema in _FASTAPIS_OWN:
            del responses[status]


def _share_definitions(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put what the schema of a body refers to where references of the document lead."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, definition in content["schema"].get("$defs", {}).items():
            schemas.setdefault(name, definition)

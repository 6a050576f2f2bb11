"""The OpenAPI document: `GET /api/openapi.json`."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

router = APIRouter(tags=["health"])
_SCHEMA = {"type": "object", "required": ["openapi", "info", "paths", "components"]}


@router.get(
    "/api/openapi.json",
    operation_id="get_openapi",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": _SCHEMA}}}},
    summary="This document",
)
async def openapi_document(request: Request) -> JSONResponse:
    """What this API takes and answers (OpenAPI 3.1)."""
    return JSONResponse(request.app.openapi())

"""JSON bodies of fixed shape: read strictly, then held against a model."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api import strict_json
from api.media import media_type
from shared.errors import UnsupportedMedia

JSON = "application/json"
JSON_PROBLEMS = (415, "422 INVALID_JSON", 422)  # what a route can answer that reads its body so
Body = TypeVar("Body", bound=BaseModel)


def json_body(model: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """A dependency that reads the body as this model. FastAPI's own reader lets NaN and duplicate keys pass."""

    async def read(request: Request) -> Body:
        if media_type(request.headers.get("content-type")) != JSON:
            raise UnsupportedMedia(f"Send the body as {JSON}.")
        value = strict_json.loads(await request.body())
        try:
            return model.model_validate(value)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False)
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from None

    return read


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """What a route says of a body that it reads through `json_body` (its `openapi_extra`)."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}

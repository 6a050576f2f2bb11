"""Forms, as RFC 6749 has them: `application/x-www-form-urlencoded` in UTF-8, each parameter once."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

from api.media import media_type
from shared.errors import InvalidInput

FORM = "application/x-www-form-urlencoded"
INVALID_REQUEST = "INVALID_REQUEST"
_MOST_FIELDS = 100


async def read_form(request: Request, *names: str) -> dict[str, str]:
    """The parameters of these names that have a value; no body is an empty form.

    Others are passed over (RFC 6749, 3.2). Raises InvalidInput for what is no form, and for a name given twice.
    """
    body = await request.body()
    if body and media_type(request.headers.get("content-type")) != FORM:
        raise InvalidInput(f"Send the body as {FORM}.", code=INVALID_REQUEST)
    try:
        pairs = parse_qsl(body.decode(), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # UnicodeError too
        raise InvalidInput("The body is not a form in UTF-8 of a few fields.", code=INVALID_REQUEST) from None
    known = [(name, value) for name, value in pairs if name in names]
    form = dict(known)
    if len(form) != len(known):
        raise InvalidInput("A parameter is given more than once.", code=INVALID_REQUEST)
    return form


def required(form: dict[str, str], name: str) -> str:
    """The value of this parameter. Raises InvalidInput when it is missing."""
    if name not in form:
        raise InvalidInput(f"The parameter {name} is missing.", where=f"body.{name}", code=INVALID_REQUEST)
    return form[name]


def documented_form(models: Sequence[type[BaseModel]], *, body_required: bool = True) -> dict[str, Any]:
    """What a route says of a form that it reads through `read_form` (its `openapi_extra`): one of these."""
    schemas = [model.model_json_schema() for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    return {"requestBody": {"required": body_required, "content": {FORM: {"schema": schema}}}}

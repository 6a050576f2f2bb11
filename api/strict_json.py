"""A body that is strict JSON, or the problem that it is none."""

from typing import Any

from shared.errors import InvalidInput
from shared.strict_json import NotStrictJson, parse


def loads(raw: bytes) -> Any:
    """The value of a JSON text. Raises InvalidInput for what `shared.strict_json` does not take."""
    try:
        return parse(raw)
    except NotStrictJson as error:
        raise InvalidInput(f"The body is not valid JSON: {error}.", code="INVALID_JSON") from None

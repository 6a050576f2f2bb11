"""The `Idempotency-Key` header: a name that the caller gives a request, so that sending it again is safe."""

import re
from typing import Annotated

from fastapi import Header

from shared.errors import InvalidInput

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 255 visible ASCII characters, with or without quotes around them. The same key and "
            "content: the same job, also later.",
            json_schema_extra={"pattern": '^(?:[!-~]{1,255}|"[!-~]{1,255}")$', "example": "order-4711-line-2"},
        ),
    ] = None,
) -> str | None:
    """The key of a request, None without one. Raises InvalidInput for what cannot be one.

    The header's draft standard writes it as a string in quotes; with or without them it is the same key.
    """
    if idempotency_key is None:
        return None
    key = idempotency_key[1:-1] if re.fullmatch(r'".*"', idempotency_key) else idempotency_key
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            "An Idempotency-Key has 1 to 255 visible ASCII characters.",
            where="header.idempotency-key",
            code="INVALID_IDEMPOTENCY_KEY",
        )
    return key

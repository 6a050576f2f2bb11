"""JSON as RFC 8259 has it: what Python's parser lets pass beyond that is refused."""

import json
import math
import re
from typing import Any

from shared.errors import InvalidInput

_LARGEST = 2**63
_MOST_DIGITS = 19
_SURROGATE = re.compile(r"\\u[dD]")


def loads(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises InvalidInput for anything that is not UTF-8, not JSON, nested too deeply, or that different readers
    would read differently: NaN and infinities, numbers outside 64 bits, duplicate keys, lone surrogates.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_int=_integer, parse_constant=_constant
        )
        if _SURROGATE.search(text):  # pairs are fine; alone, half a character cannot be stored
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):  # UnicodeError and JSONDecodeError are ValueErrors
        raise InvalidInput("The body is not valid JSON.", code="INVALID_JSON") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("outside the range of a double")
    return number


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _MOST_DIGITS or not -_LARGEST <= (number := int(text)) < _LARGEST:
        raise ValueError("outside 64 bits")
    return number


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")

"""JSON as RFC 8259 has it: what Python's parser lets pass beyond that is refused."""

import json
import math
import re
from collections import Counter
from typing import Any

_LARGEST = 2**63
_MOST_DIGITS = 19
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")
_SURROGATE = re.compile(r"\\u[dD]")


class NotStrictJson(ValueError):
    """A text is no JSON, or different readers would read it differently. The message says why, as half a sentence."""


def parse(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises NotStrictJson for anything that is not UTF-8, not JSON, nested too deeply, or that different readers
    would read differently: NaN and infinities, numbers outside 64 bits, duplicate keys, lone surrogates.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_int=_integer, parse_constant=_constant
        )
        if _SURROGATE.search(text):  # pairs are fine; alone, half a character cannot be stored
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise NotStrictJson(_reason(error)) from None
    return value


def _reason(error: ValueError | RecursionError) -> str:
    """What is wrong with a text, without any of it but the name of a key, if it is a plain one."""
    if isinstance(error, json.JSONDecodeError):
        return f"it ceases to be at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    if isinstance(error, UnicodeEncodeError):
        return "a string has half a surrogate pair"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"an object has {_twice([key for key, _ in pairs])} twice")
    return found


def _twice(keys: list[str]) -> str:
    twice = next(key for key, count in Counter(keys).items() if count > 1)
    return f"the key {twice}" if _PLAIN_NAME.fullmatch(twice) else "a key"


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is outside the range of a double")
    return number


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _MOST_DIGITS or not -_LARGEST <= (number := int(text)) < _LARGEST:
        raise ValueError("a number is outside 64 bits")
    return number


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no number there")

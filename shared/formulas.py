"""Texts that a spreadsheet would take for a formula, and how they are written so that none does."""

from typing import Final

# Also those that only stand before a sign, and the wide ones of East Asian keyboards.
BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_QUOTE: Final = "'"
_DEFUSED: Final = tuple(_QUOTE + beginning for beginning in BEGINNINGS)


def defused(text: str) -> str:
    """A text as spreadsheets may have it: what begins as a formula does gets a quote in front."""
    return _QUOTE + text if text.startswith(BEGINNINGS) else text


def as_before(text: str) -> str:
    """A text as it was before it was written for a spreadsheet."""
    return text[1:] if text.startswith(_DEFUSED) else text

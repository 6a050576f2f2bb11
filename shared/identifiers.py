"""Ids that strangers see, and the one clock."""

import re
from datetime import UTC, datetime

import uuid_utils

ID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID = re.compile(ID_PATTERN)


def new_id() -> str:
    """A UUIDv7 (RFC 9562): sorts by time of birth, tells nothing else."""
    return str(uuid_utils.uuid7())


def made_at(made_id: str) -> float:
    """When `new_id` made an id, in seconds since 1970: its first 48 bits are milliseconds."""
    return int(made_id[:8] + made_id[9:13], 16) / 1000


def is_id(text: str) -> bool:
    """Whether this could be an id that `new_id` made; anything else need not be looked up."""
    return _ID.fullmatch(text) is not None


def now() -> datetime:
    """The present in UTC."""
    return datetime.now(UTC)

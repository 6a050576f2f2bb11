"""Entity tags (RFC 9110, 8.8.3)."""


def names_tag(if_none_match: str | None, tag: str) -> bool:
    """Whether an If-None-Match header names this tag, weak or not."""
    wanted = (if_none_match or "").split(",")
    return any(given.strip() == "*" or _opaque(given) == _opaque(tag) for given in wanted)


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/")

"""Media types, as requests name them."""

MULTIPART = "multipart/form-data"


def media_type(content_type: str | None) -> str:
    """The type without its parameters, in lower case; empty when there is none."""
    return (content_type or "").partition(";")[0].strip().lower()


def prefers(accept: str | None, wanted: str) -> bool:
    """Whether an Accept header names `wanted` itself, at no lower weight than anything before it (RFC 9110, 12.5.1)."""
    best, best_weight = "", 0.0
    for choice in (accept or "").split(","):
        name, *parameters = (part.strip().lower() for part in choice.split(";"))
        weight = next((_weight(parameter[2:]) for parameter in parameters if parameter.startswith("q=")), 1.0)
        if weight > best_weight:
            best, best_weight = name, weight
    return best == wanted


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0

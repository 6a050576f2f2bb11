"""Errors of a tracking store: told apart, and told briefly."""

# Answers that say no: asking again would not help.
REFUSALS = {
    "ALREADY_EXISTS",
    "BAD_REQUEST",
    "CUSTOMER_UNAUTHORIZED",
    "ENDPOINT_NOT_FOUND",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "NOT_FOUND",
    "NOT_IMPLEMENTED",
    "PERMISSION_DENIED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_CONFLICT",
    "RESOURCE_DOES_NOT_EXIST",
    "UNAUTHENTICATED",
}


def is_away(error: Exception) -> bool:
    """Whether the store could not be reached, or could not do now what it may do later (a locked database, a 503)."""
    if isinstance(error, FileNotFoundError):  # what was to be sent is not there
        return False
    code = getattr(error, "error_code", None)  # of an MlflowException
    return isinstance(error, OSError) or (code is not None and code not in REFUSALS)


def in_short(error: Exception) -> str:
    """Why, in one line of at most 300 characters: a connection that failed is told by MLflow as a nest of errors."""
    text = str(error).strip()
    for inner, plain in (
        ("Connection refused", "nothing listens there."),
        ("Failed to resolve", "its host is not known."),
        ("timed out", "it does not answer in time."),
    ):
        if inner in text:
            return plain
    return text.partition("\n")[0][:300] or type(error).__name__

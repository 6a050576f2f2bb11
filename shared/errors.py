"""What can go wrong, in the words of the service.

    ShelfwiseError
    ├── InvalidInput            the caller's data is wrong; knows which field
    │   ├── BrokenImage
    │   ├── ImageTooLarge
    │   ├── UnsupportedMedia
    │   ├── UrlRefused          no request is made to such a URL
    │   └── UnreadableCatalogue a file that is no catalogue, or goes on no further
    ├── BodyTooLarge            more bytes than the limit
    ├── Unauthenticated         no valid account stands behind the call
    ├── Forbidden               the account may not do this
    ├── NotFound                no such thing, or not yours
    ├── Gone                    it was there, and is kept no longer
    ├── Conflict                the thing's state forbids it
    ├── TooManyRequests         more than the caller may ask for in this time
    ├── StorageFull             too little disk left to promise anything
    │   └── QuotaFull           as much stored as the account may have
    ├── Unavailable             a part that is needed does not answer
    ├── FetchFailed             somebody else's host did not give what was asked of it
    │   └── ReplyTooLarge       more bytes than are taken from it
    ├── BundleRefused           a bundle is damaged or does not reproduce its golden answers
    └── ConfigurationError      a setting is missing or unsafe

Each class carries a stable `code` in upper snake case, the same in an HTTP answer, in a row error and in
the log. None of them knows of HTTP: `api/problems.py` holds the one table from these classes to statuses.
Messages are written for the caller: they name the field and what to do, never a path or a stack.
"""


class ShelfwiseError(Exception):
    """Root of everything the service raises on purpose."""

    code = "ERROR"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class InvalidInput(ShelfwiseError):
    """The caller's data is wrong. `where` names the field, as a path like `body.image`."""

    code = "INVALID_INPUT"

    def __init__(self, message: str, *, where: str = "body", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.where = where


class BrokenImage(InvalidInput):
    """The bytes are not a complete JPEG, PNG, WebP or GIF image."""

    code = "BROKEN_IMAGE"


class ImageTooLarge(InvalidInput):
    """The image has more pixels than the service decodes."""

    code = "IMAGE_TOO_LARGE"


class UnsupportedMedia(InvalidInput):
    """The body is of a kind that this call does not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class UrlRefused(InvalidInput):
    """No request is made to this URL: its form, its scheme, its port, or the address it leads to is not allowed."""

    code = "URL_REFUSED"


class UnreadableCatalogue(InvalidInput):
    """The file is no catalogue, or cannot be read any further: its job fails, and this is why."""

    code = "UNREADABLE_CATALOGUE"


class BodyTooLarge(ShelfwiseError):
    """A request body went past its limit."""

    code = "BODY_TOO_LARGE"


class Unauthenticated(ShelfwiseError):
    """No valid account stands behind the call."""

    code = "UNAUTHENTICATED"


class Forbidden(ShelfwiseError):
    """The account is known and may not do this."""

    code = "FORBIDDEN"


class NotFound(ShelfwiseError):
    """There is no such thing, or it belongs to somebody else."""

    code = "NOT_FOUND"


class Gone(ShelfwiseError):
    """What there was of the thing is no longer kept."""

    code = "GONE"


class Conflict(ShelfwiseError):
    """The present state of the thing forbids the change."""

    code = "CONFLICT"


class TooManyRequests(ShelfwiseError):
    """More than the caller may ask for in this time; it may ask again in `retry_after` seconds."""

    code = "TOO_MANY_REQUESTS"

    def __init__(self, message: str, *, retry_after: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class StorageFull(ShelfwiseError):
    """Too little disk is left to promise that anything is kept."""

    code = "STORAGE_FULL"


class QuotaFull(StorageFull):
    """The account holds as many bytes as it may; deleting jobs makes room."""

    code = "QUOTA_STORED_BYTES"


class Unavailable(ShelfwiseError):
    """A part that this call needs does not answer now."""

    code = "UNAVAILABLE"


class FetchFailed(ShelfwiseError):
    """Somebody else's host did not give what was asked of it; `transient` if it may do so in a moment."""

    code = "FETCH_FAILED"

    def __init__(self, message: str, *, transient: bool, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.transient = transient


class ReplyTooLarge(FetchFailed):
    """There are more bytes than are taken from a stranger's host."""

    code = "REPLY_TOO_LARGE"


class BundleRefused(ShelfwiseError):
    """A bundle is damaged, or does not reproduce its golden answers."""

    code = "BUNDLE_REFUSED"


class ConfigurationError(ShelfwiseError):
    """A setting is missing or unsafe; the message says what to do."""

    code = "CONFIGURATION"

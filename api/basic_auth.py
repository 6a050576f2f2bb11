"""A client's name and secret in the header `Authorization: Basic` (RFC 7617, in the manner of RFC 6749, 2.3.1)."""

import base64
from urllib.parse import unquote_plus

from fastapi import Request

from shared.errors import Unauthenticated

_SCHEME = "basic"


def tries_basic(request: Request) -> bool:
    """Whether the request brings its credentials this way."""
    return request.headers.get("authorization", "").partition(" ")[0].lower() == _SCHEME


def basic_credentials(request: Request) -> tuple[str, str]:
    """Name and secret; each was form-encoded first. Raises Unauthenticated when they cannot be read."""
    encoded = request.headers.get("authorization", "").partition(" ")[2].strip()
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        credentials = unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:  # UnicodeError and binascii.Error too
        colon = ""
    if not colon:
        raise Unauthenticated("The client's credentials cannot be read.", code="INVALID_CLIENT")
    return credentials

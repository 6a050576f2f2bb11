"""Tokens, as they are handed out."""

from typing import Literal

from pydantic import BaseModel

from shared.users import Role


class AccessTokenAnswer(BaseModel):
    """An access token (RFC 6749, 5.1); `scope` is the account's role."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # RFC 6750's name of the type
    expires_in: int
    scope: Role


class TokenAnswer(AccessTokenAnswer):
    """With it, a refresh token, unless a service signed in with its own secret (RFC 6749, 4.4.3)."""

    refresh_token: str | None = None

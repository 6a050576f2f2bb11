"""Refresh tokens: what an account keeps to get new access tokens with, without signing in again.

256 random bits, of which only the hash is stored: SHA-256 is enough where there is nothing to guess. Each use
gives a new one of the same family, a family being all that grew out of one sign-in. It ends when the first of
them would have: using tokens does not lengthen it.

A used token that comes again is a sign that two hold it, of whom one is a thief, so its whole family ends. Only
shortly after its use it may be two tabs of one browser, or a request that is sent again because the answer was
lost: then it yields another child.

Every step locks the account first, and so do a new password and disabling (`shared.users.locked_account`).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from shared.identifiers import new_id
from shared.logs import get_logger
from shared.tables import RefreshToken, User
from shared.users import Account, locked_account

BYTES = 32
GRACE = timedelta(seconds=10)
FAMILIES_KEPT = 100  # of one account: who signs in more often than that loses the oldest
TOKENS_KEPT = 5_000  # of one family: a token every quarter of an hour for a month are 2,880
FORGOTTEN_AT_ONCE = 500  # rows in one transaction of the sweep


@dataclass(frozen=True, slots=True)
class Refresh:
    """A token to hand out once, until when its family is good, and the account it stands for."""

    token: str
    expires_at: datetime
    account: Account


def issue(
    connection: Connection, user_id: str, token_version: int, expires_at: datetime, moment: datetime
) -> Refresh | None:
    """Begin a family. None when the account is not what it was (`token_version`) while its password was checked."""
    account = locked_account(connection, user_id)
    if account is None or account.disabled or account.token_version != token_version:
        return None
    refresh = _new(connection, account, new_id(), expires_at, moment)
    _drop_oldest_families(connection, user_id)
    return refresh


def rotate(connection: Connection, token: str, moment: datetime) -> Refresh | None:
    """Use a token: its child, or None when it is not good (any more). The transaction is to be committed either way."""
    owner = _owner(connection, token)
    account = None if owner is None else locked_account(connection, owner)
    if account is None or account.disabled:
        return None
    found = connection.execute(select(RefreshToken).where(RefreshToken.token_hash == _hashed(token))).one_or_none()
    if found is None or found.revoked_at is not None or found.expires_at <= moment:
        return None
    if found.used_at is None:
        connection.execute(update(RefreshToken).where(RefreshToken.id == found.id).values(used_at=moment))
    elif moment - found.used_at > GRACE:
        get_logger().warning("refresh_token.reused", user_id=account.id)
        _revoke(connection, found.family, moment)
        return None
    refresh = _new(connection, account, found.family, found.expires_at, moment)
    _drop_oldest_tokens(connection, found.family)
    return refresh


def revoke(connection: Connection, token: str, moment: datetime) -> None:
    """End the family of this token; nothing happens when there is no such token."""
    owner = _owner(connection, token)
    if owner is not None:
        locked_account(connection, owner)
        family = connection.scalar(select(RefreshToken.family).where(RefreshToken.token_hash == _hashed(token)))
        _revoke(connection, family, moment)


def void_tokens(connection: Connection, user_id: str, moment: datetime) -> None:
    """End every token of an account: access tokens by its version, refresh tokens one by one."""
    connection.execute(
        update(User).where(User.id == user_id).values(token_version=User.token_version + 1)
    )  # locks the account, too
    connection.execute(
        update(RefreshToken)
        .where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=moment)
    )


def forget_expired_refresh_tokens(connection: Connection, moment: datetime) -> None:
    """Delete tokens that are past their end, a bounded number at a time."""
    expired = select(RefreshToken.id).where(RefreshToken.expires_at <= moment).limit(FORGOTTEN_AT_ONCE)
    connection.execute(delete(RefreshToken).where(RefreshToken.id.in_(expired)))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _owner(connection: Connection, token: str) -> str | None:
    return connection.scalar(select(RefreshToken.user_id).where(RefreshToken.token_hash == _hashed(token)))


def _new(connection: Connection, account: Account, family: str, expires_at: datetime, moment: datetime) -> Refresh:
    token = secrets.token_urlsafe(BYTES)
    connection.execute(
        insert(RefreshToken).values(
            user_id=account.id, family=family, token_hash=_hashed(token), created_at=moment, expires_at=expires_at
        )
    )
    return Refresh(token, expires_at, account)


def _revoke(connection: Connection, family: str | None, moment: datetime) -> None:
    connection.execute(
        update(RefreshToken)
        .where(RefreshToken.family == family, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=moment)
    )


def _drop_oldest_tokens(connection: Connection, family: str) -> None:
    """Bound a family that is refreshed without pause. The reuse of what is dropped ends nothing: nobody knows it."""
    tokens = select(RefreshToken.id).where(RefreshToken.family == family)
    newest_dropped = connection.scalar(tokens.order_by(RefreshToken.id.desc()).offset(TOKENS_KEPT).limit(1))
    if newest_dropped is not None:  # ids sort by their birth, too
        connection.execute(delete(RefreshToken).where(RefreshToken.family == family, RefreshToken.id <= newest_dropped))


def _drop_oldest_families(connection: Connection, user_id: str) -> None:
    families = select(RefreshToken.family).where(RefreshToken.user_id == user_id).distinct()
    newest_dropped = connection.scalar(families.order_by(RefreshToken.family.desc()).offset(FAMILIES_KEPT).limit(1))
    if newest_dropped is not None:  # families are UUIDv7: they sort by their birth
        connection.execute(
            delete(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.family <= newest_dropped)
        )

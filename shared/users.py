"""Accounts: who they are and what they may do."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from shared.errors import Conflict, InvalidInput
from shared.identifiers import new_id
from shared.tables import User

USERNAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


class Role(StrEnum):
    """What an account may do: see its own; also read and correct everyone's; everything."""

    USER = "user"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that `other` may: each may do more than the ones before it."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """An account without its password. Tokens of another `token_version` are void."""

    id: str
    username: str
    role: Role
    is_service: bool
    disabled: bool
    token_version: int
    created_at: datetime


_ACCOUNT = (User.id, User.username, User.role, User.is_service, User.disabled, User.token_version, User.created_at)

_EXISTS = User.deleted_at.is_(None)
_BY_IDS = select(*_ACCOUNT).where(User.id.in_(bindparam("users_", expanding=True)), _EXISTS)


def add_user(connection: Connection, username: str, password_hash: str, role: Role, *, is_service: bool = False) -> str:
    """Make an account and return its id. Raises Conflict when the name is taken."""
    user_id = new_id()
    new = {"id": user_id, "username": username, "password_hash": password_hash, "role": role, "is_service": is_service}
    try:
        with connection.begin_nested():
            connection.execute(insert(User).values(new))
    except IntegrityError:
        raise Conflict(f"There is an account named {username!r} already.", code="USERNAME_TAKEN") from None
    return user_id


def user_by_name(connection: Connection, username: str) -> Row[User] | None:
    """The account of this name, with its password's hash."""
    return connection.execute(select(User).where(User.username == username, _EXISTS)).one_or_none()


def account_by_id(connection: Connection, user_id: str) -> Account | None:
    """The account of this id, if there is one."""
    return accounts_by_ids(connection, [user_id]).get(user_id)


def accounts_by_ids(connection: Connection, user_ids: Iterable[str]) -> dict[str, Account]:
    """Those of these accounts that there are."""
    found = connection.execute(_BY_IDS, {"users_": list(user_ids)})
    return {account.id: account for account in map(_account, found)}


def accounts_after(connection: Connection, user_id: str | None, limit: int) -> Sequence[Account]:
    """Up to `limit` accounts in the order they were made, from after the one of this id (None: from the first)."""
    wanted = select(*_ACCOUNT).where(_EXISTS).order_by(User.id).limit(limit)
    if user_id is not None:
        wanted = wanted.where(User.id > user_id)
    return [_account(row) for row in connection.execute(wanted)]


def locked_account(connection: Connection, user_id: str) -> Account | None:
    """The account of this id, if there is one, held until the transaction ends.

    Whoever changes an account or its refresh tokens holds it, so that none of them works on what another has
    just ended. Rows that refer to the account can be written meanwhile (FOR NO KEY UPDATE).
    """
    wanted = select(*_ACCOUNT).where(User.id == user_id, _EXISTS).with_for_update(key_share=True)
    found = connection.execute(wanted).one_or_none()
    return None if found is None else _account(found)


def _account(row: Row[str, str, str, bool, bool, int, datetime]) -> Account:
    user_id, username, role, is_service, disabled, token_version, created_at = row
    return Account(user_id, username, Role(role), is_service, disabled, token_version, created_at)


def has_users(connection: Connection) -> bool:
    """Whether there is any account yet."""
    return connection.execute(select(User.id).limit(1)).first() is not None


def check_username(username: str) -> None:
    """Raise InvalidInput unless this can be an account's name."""
    if not USERNAME.fullmatch(username):
        raise InvalidInput(
            "A user name has 1 to 64 letters, digits, dots, hyphens, underscores or @ signs.",
            where="body.username",
            code="INVALID_USERNAME",
        )

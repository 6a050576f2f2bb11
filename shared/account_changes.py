"""Changes to an account that end the tokens which were issued before."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from shared.administrators import require_another_admin
from shared.refresh_tokens import void_tokens
from shared.tables import User
from shared.users import Account, Role, account_by_id, locked_account


def change_account(
    connection: Connection,
    user_id: str,
    moment: datetime,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    password_hash: str | None = None,
) -> Account | None:
    """Change what is given of an account (None: there is no such account), and return it as it is then.

    Another role, disabling and a new password end all its tokens. Raises Conflict when this would leave no
    administrator.
    """
    if disabled or (role is not None and role is not Role.ADMIN):
        require_another_admin(connection, user_id)
    before = locked_account(connection, user_id)
    if before is None:
        return None
    changes: dict[str, Any] = {}
    if role is not None and role is not before.role:
        changes["role"] = role
    if disabled is not None and disabled is not before.disabled:
        changes["disabled"] = disabled
    if password_hash is not None:
        changes["password_hash"] = password_hash
    if changes:
        connection.execute(update(User).where(User.id == user_id).values(changes))
    if changes and changes != {"disabled": False}:
        void_tokens(connection, user_id, moment)
    return account_by_id(connection, user_id)

"""The rule that somebody can always administer the service."""

from sqlalchemy import Connection, select

from shared.errors import Conflict
from shared.tables import User
from shared.users import Role


def require_another_admin(connection: Connection, user_id: str) -> None:
    """Raise Conflict when this account is the last person who can sign in as an administrator; services don't count.

    To be called in the transaction that takes the account's role or access away, before the account itself is locked:
    administrators are locked in the order of their ids, and of two who remove each other at once the second waits
    here, to find that it is the last.
    """
    active = connection.scalars(
        select(User.id)
        .where(User.role == Role.ADMIN, User.disabled.is_(False), User.is_service.is_(False), User.deleted_at.is_(None))
        .order_by(User.id)
        .with_for_update(key_share=True)
    ).all()
    if active == [user_id]:
        raise Conflict("This is the last administrator: make another one first.", code="LAST_ADMIN")

"""An account, without its password."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from shared.users import Account, Role


class UserAnswer(BaseModel):
    """Who somebody is and what they may do."""

    id: str
    username: str
    role: Role
    is_service: bool
    disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        """The answer for an account."""
        return cls(
            id=account.id,
            username=account.username,
            role=account.role,
            is_service=account.is_service,
            disabled=account.disabled,
            created_at=account.created_at,
        )


class NewUserAnswer(UserAnswer):
    """An account just made; a service's secret is shown here and never again."""

    client_secret: str | None = None


class SecretAnswer(BaseModel):
    """A service's new secret, shown here and never again."""

    client_id: str
    client_secret: str

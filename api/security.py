"""Who is calling, and may they: dependencies for routes."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer

from api.services import TheServices
from shared.errors import Forbidden, Unauthenticated
from shared.users import Account, Role, account_by_id

_bearer = OAuth2PasswordBearer(tokenUrl="/api/auth", auto_error=False)


def current_user(services: TheServices, token: Annotated[str | None, Depends(_bearer)]) -> Account:
    """The account behind the bearer token, looked up at every call so that disabling it works at once."""
    if token is None:
        raise Unauthenticated("Sign in at /api/auth and send the access token as a bearer token.")
    claims = services.tokens.read(token)
    with services.database.read() as connection:
        account = account_by_id(connection, claims.user_id)
    if account is None or account.disabled or account.token_version != claims.token_version:
        raise Unauthenticated("The access token is not valid any more; sign in again.")
    return account


CurrentUser = Annotated[Account, Depends(current_user)]


def require_role(role: Role) -> Callable[[Account], Awaitable[Account]]:
    """A dependency: the calling account, which must have this role or one above it."""

    async def account_in_role(account: CurrentUser) -> Account:
        if not account.role.includes(role):
            raise Forbidden(f"This call needs the role {role}.")
        return account

    return account_in_role


CurrentAdmin = Annotated[Account, Depends(require_role(Role.ADMIN))]

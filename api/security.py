"""Who is calling, and may they: dependencies for routes."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from api.openapi.about import BEARER
from api.services import Services, services_of
from shared.errors import Forbidden, Unauthenticated
from shared.users import Account, Role


class _SignedIn(OAuth2PasswordBearer):
    """The security scheme, and in one step with reading the token, whose it is."""

    async def __call__(self, request: Request) -> Account:  # type: ignore[override]  # the scheme's own gives the token
        """The account that calls."""
        token = await super().__call__(request)
        if token is None:
            raise Unauthenticated("Sign in at /api/auth and send the access token as a bearer token.")
        return await _account_of(await services_of(request), token)


async def _account_of(services: Services, token: str) -> Account:
    """The account that an access token stands for now, looked up at every call so that disabling it works at once."""
    claims = services.tokens.read(token)
    account = await services.accounts.ask(claims.user_id)
    if account is None or account.disabled or account.token_version != claims.token_version:
        raise Unauthenticated("The access token is not valid any more; sign in again.")
    services.requests.take(account.id)
    return account


CurrentUser = Annotated[Account, Depends(_SignedIn(tokenUrl="/api/auth", scheme_name=BEARER, auto_error=False))]


def require_role(role: Role) -> Callable[[Account], Awaitable[Account]]:
    """A dependency: the calling account, which must have this role or one above it."""

    async def account_in_role(account: CurrentUser) -> Account:
        if not account.role.includes(role):
            raise Forbidden(f"This call needs the role {role}.")
        return account

    return account_in_role


def whose(account: Account) -> str | None:
    """The id of the owner whose things an account may see and change: its own; None is everybody's, for admins."""
    return None if account.role is Role.ADMIN else account.id


CurrentReviewer = Annotated[Account, Depends(require_role(Role.REVIEWER))]
CurrentAdmin = Annotated[Account, Depends(require_role(Role.ADMIN))]

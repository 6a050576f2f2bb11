"""Signing in and staying signed in: from a password, a client secret or a refresh token to an access token."""

from dataclasses import dataclass
from datetime import timedelta

from anyio import to_thread
from fastapi import Request
from sqlalchemy import Row

from api.services import Services
from shared.errors import Unauthenticated
from shared.identifiers import now
from shared.refresh_tokens import Refresh, issue, revoke, rotate
from shared.sign_ins import SignInLimits, Try, clear_failures, count_failure, refuse_too_many
from shared.tables import User
from shared.users import USERNAME, Account, account_by_id, user_by_name


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account with its new access token, and a refresh token to go on with; services get none."""

    account: Account
    access_token: str
    seconds: int
    refresh: Refresh | None = None


def try_of(request: Request, username: str) -> Try:
    """The try to sign in under this name that this request is."""
    return Try(username, request.client.host if request.client else "")


async def sign_in_person(services: Services, attempt: Try, password: str) -> SignedIn:
    """Sign somebody in. Raises Unauthenticated, and TooManyRequests once too many tries have failed."""
    # Under a limiter of its own: sign-ins that wait for their turn at argon2 hold no thread that others need.
    return await to_thread.run_sync(_person, services, attempt, password, limiter=services.sign_ins)


async def sign_in_service(services: Services, attempt: Try, secret: str) -> SignedIn:
    """Sign a service in. Raises as `sign_in_person` does."""
    return await to_thread.run_sync(_service, services, attempt, secret, limiter=services.sign_ins)


async def refresh_sign_in(services: Services, token: str) -> SignedIn:
    """Exchange a refresh token for the next one. Raises Unauthenticated when it is not good."""
    return await to_thread.run_sync(_refreshed, services, token)


async def sign_out(services: Services, token: str) -> None:
    """End what grew out of the sign-in that this refresh token comes from, if it comes from any."""
    await to_thread.run_sync(_signed_out, services, token)


def account_with_password(
    services: Services, attempt: Try, password: str, *, is_service: bool = False
) -> Row[User] | None:
    """The account that can sign in like this; None, and a failure on its count, when there is none.

    To be called under the limiter `sign_ins`: it bounds how many tries are between the check and the count.
    """
    limits = SignInLimits.of(services.settings)
    user = None
    with services.database.read() as connection:
        refuse_too_many(connection, attempt, limits, now())
        if USERNAME.fullmatch(attempt.username):
            user = user_by_name(connection, attempt.username)
    if user is not None and (user.disabled or user.is_service is not is_service):
        user = None
    verified = services.passwords.verify(password, None if user is None else user.password_hash)
    if user is not None and verified:
        return user
    with services.database.begin() as connection:
        count_failure(connection, attempt, limits, now())
    return None


def _person(services: Services, attempt: Try, password: str) -> SignedIn:
    user = account_with_password(services, attempt, password)
    refresh = None
    if user is not None:
        moment = now()
        ends = moment + timedelta(seconds=services.settings.refresh_token_seconds)
        with services.database.begin() as connection:
            refresh = issue(connection, user.id, user.token_version, ends, moment)
            clear_failures(connection, attempt)
    if refresh is None:
        raise Unauthenticated("The name or the password is wrong.", code="INVALID_CREDENTIALS")
    return _signed_in(services, refresh.account, refresh)


def _service(services: Services, attempt: Try, secret: str) -> SignedIn:
    user = account_with_password(services, attempt, secret, is_service=True)
    account = None
    if user is not None:
        with services.database.begin() as connection:
            clear_failures(connection, attempt)
            account = account_by_id(connection, user.id)
    if user is None or account is None or account.token_version != user.token_version:
        raise Unauthenticated("The client or its secret is wrong.", code="INVALID_CLIENT")
    return _signed_in(services, account)


def _refreshed(services: Services, token: str) -> SignedIn:
    with services.database.begin() as connection:
        refresh = rotate(connection, token, now())
    if refresh is None:  # not within the block: what a reused token has ended is to be kept
        raise Unauthenticated("The refresh token is not good, or not any more; sign in again.", code="INVALID_GRANT")
    return _signed_in(services, refresh.account, refresh)


def _signed_out(services: Services, token: str) -> None:
    with services.database.begin() as connection:
        revoke(connection, token, now())


def _signed_in(services: Services, account: Account, refresh: Refresh | None = None) -> SignedIn:
    access_token = services.tokens.issue(account.id, account.token_version)
    return SignedIn(account, access_token, services.tokens.seconds, refresh)

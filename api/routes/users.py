"""Accounts: one's own, and for administrators everybody's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.accounts import (
    NewUser,
    PasswordChange,
    UserChanges,
    change_own_password,
    existing,
    make_account,
    renew_secret,
    update_account,
)
from api.answers.pages import Page
from api.answers.users import NewUserAnswer, SecretAnswer, UserAnswer
from api.json_body import JSON_PROBLEMS, documented, json_body
from api.openapi.headers import headers
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Limit, page_start, path_id
from api.problems import problems
from api.security import CurrentAdmin, CurrentUser
from api.services import TheServices
from api.sign_in import try_of
from shared.erasure import delete_account
from shared.users import account_by_id, accounts_after

router = APIRouter(prefix="/api/users", tags=["accounts"])
UserId = Annotated[str, Depends(path_id)]


@router.get("/me", operation_id="get_own_account", summary="One's own account")
def own_account(account: CurrentUser) -> UserAnswer:
    """The account that calls."""
    return UserAnswer.of(account)


@router.post(
    "/me/password",
    status_code=204,
    operation_id="change_own_password",
    responses=problems(
        "403 SERVICE_ACCOUNT", "403 WRONG_PASSWORD", *JSON_PROBLEMS, "422 WEAK_PASSWORD", "429 TOO_MANY_SIGN_INS"
    ),
    openapi_extra=documented(PasswordChange),
    summary="Change one's password",
)
async def change_password(
    account: CurrentUser,
    services: TheServices,
    request: Request,
    change: Annotated[PasswordChange, Depends(json_body(PasswordChange))],
) -> None:
    """Change one's password. Every token of the account ends, the one of this call too."""
    await change_own_password(services, account, try_of(request, account.username), change)


@router.get("", operation_id="list_users", responses=problems(403, *LIST_PROBLEMS), summary="List accounts")
def list_accounts(
    _admin: CurrentAdmin,
    services: TheServices,
    start: Annotated[str | None, Depends(page_start)],
    limit: Limit = LIMIT_DEFAULT,
) -> Page[UserAnswer]:
    """Every account, in the order they were made."""
    with services.database.read() as connection:
        accounts = accounts_after(connection, start, limit + 1)
    return Page[UserAnswer].of(accounts, limit, UserAnswer.of, lambda account: account.id)


@router.post(
    "",
    status_code=201,
    response_model_exclude_none=True,
    operation_id="add_user",
    responses={
        201: headers("Location"),
        **problems(403, "409 USERNAME_TAKEN", *JSON_PROBLEMS, "422 WEAK_PASSWORD"),
    },
    openapi_extra=documented(NewUser),
    summary="Make an account",
)
def add_account(
    _admin: CurrentAdmin,
    services: TheServices,
    new: Annotated[NewUser, Depends(json_body(NewUser))],
    response: Response,
) -> NewUserAnswer:
    """Make an account. Passwords that are guessed first are refused; a service gets a secret, shown this once."""
    account, secret = make_account(services, new)
    response.headers["Location"] = f"/api/users/{account.id}"
    return NewUserAnswer(**UserAnswer.of(account).model_dump(), client_secret=secret)


@router.get("/{id}", operation_id="get_user", responses=problems(403, 404), summary="One account")
def one_account(_admin: CurrentAdmin, services: TheServices, user_id: UserId) -> UserAnswer:
    """One account."""
    with services.database.read() as connection:
        return UserAnswer.of(existing(account_by_id(connection, user_id)))


@router.patch(
    "/{id}",
    operation_id="change_user",
    responses=problems(403, 404, "409 LAST_ADMIN", "409 SERVICE_ACCOUNT", *JSON_PROBLEMS, "422 WEAK_PASSWORD"),
    openapi_extra=documented(UserChanges),
    summary="Change an account",
)
def change_one_account(
    _admin: CurrentAdmin,
    services: TheServices,
    user_id: UserId,
    changes: Annotated[UserChanges, Depends(json_body(UserChanges))],
) -> UserAnswer:
    """Change an account. Disabling it, another role and a new password end all its tokens."""
    return UserAnswer.of(update_account(services, user_id, changes))


@router.delete(
    "/{id}",
    status_code=204,
    operation_id="delete_user",
    responses=problems(403, 404, "409 LAST_ADMIN"),
    summary="Delete an account",
)
def delete_one_account(_admin: CurrentAdmin, services: TheServices, user_id: UserId) -> None:
    """Delete an account, for good. Its open jobs are canceled; jobs, photos and webhooks are erased."""
    with services.database.begin() as connection:
        delete_account(connection, user_id)


@router.post(
    "/{id}/secret",
    operation_id="renew_user_secret",
    responses=problems(403, 404, "409 NOT_A_SERVICE_ACCOUNT"),
    summary="Give a service another secret",
)
def replace_secret(_admin: CurrentAdmin, services: TheServices, user_id: UserId) -> SecretAnswer:
    """Give a service another secret, shown this once. The old one and all tokens of the service end."""
    account, secret = renew_secret(services, user_id)
    return SecretAnswer(client_id=account.username, client_secret=secret)

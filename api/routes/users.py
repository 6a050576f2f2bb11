"""Accounts: one's own, and for administrators everybody's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers.pages import Page
from api.answers.users import UserAnswer
from api.json_body import documented, json_body
from api.parameters import LIMIT_DEFAULT, Limit, page_start, path_id
from api.problems import problems
from api.security import CurrentAdmin, CurrentUser
from api.services import TheServices
from shared.errors import NotFound
from shared.passwords import refuse_weak_password
from shared.users import USERNAME, Account, Role, account_by_id, accounts_after, add_user

router = APIRouter(prefix="/api/users", tags=["accounts"])


class NewUser(BaseModel):
    """An account to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"username": "ines", "password": "correct horse battery", "role": "reviewer"}},
    )

    username: str = Field(strict=True, pattern=f"^(?:{USERNAME.pattern})$")
    password: str = Field(strict=True)
    role: Role = Role.USER


@router.get("/me", responses=problems(401))
def own_account(account: CurrentUser) -> UserAnswer:
    """The account that calls."""
    return UserAnswer.of(account)


@router.get("", responses=problems(401, 403, 422))
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


@router.post("", status_code=201, responses=problems(401, 403, 409, 413, 415, 422), openapi_extra=documented(NewUser))
def make_account(
    _admin: CurrentAdmin,
    services: TheServices,
    new: Annotated[NewUser, Depends(json_body(NewUser))],
    response: Response,
) -> UserAnswer:
    """Make an account. Passwords that are guessed first are refused."""
    refuse_weak_password(new.password, new.username)
    password_hash = services.passwords.hash(new.password)
    with services.database.begin() as connection:
        user_id = add_user(connection, new.username, password_hash, new.role)
        account = _existing(account_by_id(connection, user_id))
    response.headers["Location"] = f"/api/users/{account.id}"
    return UserAnswer.of(account)


@router.get("/{id}", responses=problems(401, 403, 404))
def one_account(_admin: CurrentAdmin, services: TheServices, user_id: Annotated[str, Depends(path_id)]) -> UserAnswer:
    """One account."""
    with services.database.read() as connection:
        return UserAnswer.of(_existing(account_by_id(connection, user_id)))


def _existing(account: Account | None) -> Account:
    if account is None:
        raise NotFound("There is no such account.")
    return account

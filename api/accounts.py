"""What it takes to make and change accounts, beyond one statement: passwords are checked and hashed on the way."""

import secrets
from typing import Any

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.services import Services
from api.sign_in import account_with_password
from shared.account_changes import change_account
from shared.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from shared.identifiers import now
from shared.passwords import LONGEST, SHORTEST, refuse_weak_password
from shared.sign_ins import Try, clear_failures
from shared.users import USERNAME, Account, Role, account_by_id, add_user, locked_account

SECRET_BYTES = 32
# Only said in the document: what `refuse_weak_password` finds too short or too long is answered as weak.
_NEW_PASSWORD: dict[str, Any] = {"format": "password", "minLength": SHORTEST, "maxLength": LONGEST}


def _optional(schema: dict[str, Any]) -> None:
    """Take the default out of a field's schema: what is left out here is not set to anything."""
    schema.pop("default")


def _optional_password(schema: dict[str, Any]) -> None:
    _optional(schema)
    schema.update(_NEW_PASSWORD)


class NewUser(BaseModel):
    """An account to make: a person's with a password, or a service's, which gets a secret."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"username": "ines", "password": "correct horse battery", "role": "reviewer"},
            "oneOf": [
                {"required": ["password"], "properties": {"is_service": {"const": False}}},
                {"required": ["is_service"], "properties": {"is_service": {"const": True}, "password": False}},
            ],
        },
    )

    username: str = Field(strict=True, pattern=f"^(?:{USERNAME.pattern})$")
    password: str = Field(default="", strict=True, json_schema_extra=_optional_password)
    role: Role = Role.USER
    is_service: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _password_or_secret(self) -> "NewUser":
        if self.is_service is ("password" in self.model_fields_set):
            raise ValueError("A person's account needs a password, and a service's takes none.")
        return self


class UserChanges(BaseModel):
    """What is to be different, at least one thing."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"role": "reviewer", "disabled": False}, "minProperties": 1}
    )

    role: Role = Field(default=Role.USER, json_schema_extra=_optional)
    disabled: bool = Field(default=False, strict=True, json_schema_extra=_optional)
    password: str = Field(default="", strict=True, json_schema_extra=_optional_password)

    @model_validator(mode="after")
    def _something(self) -> "UserChanges":
        if not self.model_fields_set:
            raise ValueError("Name at least one of role, disabled and password.")
        return self


class PasswordChange(BaseModel):
    """One's password, and what it is to be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"current_password": "correct horse battery", "new_password": "mauve otter 41"}},
    )

    current_password: str = Field(strict=True, json_schema_extra={"format": "password"})
    new_password: str = Field(strict=True, json_schema_extra=_NEW_PASSWORD)


def make_account(services: Services, new: NewUser) -> tuple[Account, str | None]:
    """Make an account; returns it, and the client secret of a service. Raises Conflict when the name is taken."""
    secret = _client_secret() if new.is_service else None
    if secret is None:
        refuse_weak_password(new.password, new.username)
    password_hash = services.passwords.hash(secret or new.password)
    with services.database.begin() as connection:
        user_id = add_user(connection, new.username, password_hash, new.role, is_service=new.is_service)
        return existing(account_by_id(connection, user_id)), secret


def update_account(services: Services, user_id: str, changes: UserChanges) -> Account:
    """Change an account. Raises NotFound, and Conflict for a service's password and for the last administrator."""
    password_hash = None
    given = changes.model_fields_set
    if "password" in given:
        with services.database.read() as connection:
            account = existing(account_by_id(connection, user_id))
        if account.is_service:
            raise Conflict("A service has no password: give it a new secret.", code="SERVICE_ACCOUNT")
        refuse_weak_password(changes.password, account.username)
        password_hash = services.passwords.hash(changes.password)
    with services.database.begin() as connection:
        changed = change_account(
            connection,
            user_id,
            now(),
            role=changes.role if "role" in given else None,
            disabled=changes.disabled if "disabled" in given else None,
            password_hash=password_hash,
        )
    return existing(changed)


def renew_secret(services: Services, user_id: str) -> tuple[Account, str]:
    """Give a service another secret; returns both. Raises NotFound, and Conflict for a person."""
    with services.database.read() as connection:
        account = existing(account_by_id(connection, user_id))
    if not account.is_service:
        raise Conflict("A person has a password and no secret.", code="NOT_A_SERVICE_ACCOUNT")
    secret = _client_secret()
    password_hash = services.passwords.hash(secret)
    with services.database.begin() as connection:
        return existing(change_account(connection, user_id, now(), password_hash=password_hash)), secret


async def change_own_password(services: Services, account: Account, attempt: Try, change: PasswordChange) -> None:
    """Change the caller's password, which ends all its tokens. Raises Forbidden when the current one is wrong."""
    if account.is_service:
        raise Forbidden("A service has no password to change.", code="SERVICE_ACCOUNT")
    await to_thread.run_sync(_change_own_password, services, account, attempt, change, limiter=services.sign_ins)


def existing(account: Account | None) -> Account:
    """The account. Raises NotFound when there is none."""
    if account is None:
        raise NotFound("There is no such account.")
    return account


def _client_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _change_own_password(services: Services, account: Account, attempt: Try, change: PasswordChange) -> None:
    verified = account_with_password(services, attempt, change.current_password)
    if verified is None:
        raise Forbidden("The current password is wrong.", code="WRONG_PASSWORD")
    try:
        refuse_weak_password(change.new_password, account.username)
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, where="body.new_password", code=refusal.code) from None
    password_hash = services.passwords.hash(change.new_password)
    with services.database.begin() as connection:
        held = locked_account(connection, account.id)
        if held is None or held.token_version != verified.token_version:
            raise Unauthenticated("The account was changed meanwhile; sign in again.")
        change_account(connection, account.id, now(), password_hash=password_hash)
        clear_failures(connection, attempt)

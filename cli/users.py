"""`shelfwise users`: accounts, straight in the database of this machine."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from cli.current_database import current_database
from cli.passwords import asked_password
from cli.terminal import say_table
from shared.account_changes import change_account
from shared.errors import Conflict, NotFound
from shared.identifiers import now
from shared.passwords import Passwords, generated_password, refuse_weak_password
from shared.settings import Settings
from shared.users import Account, Role, account_by_id, accounts_after, add_user, check_username, user_by_name

PAGE = 500
_HEADERS = ("name", "role", "service", "disabled", "made")


def add_account(settings: Settings, username: str, role: Role, generate: bool) -> None:
    """Make an account, and print the password if it was made up."""
    check_username(username)
    password, password_hash = _new_password(username, generate)
    with current_database(settings) as database, database.begin() as connection:
        add_user(connection, username, password_hash, role)
    print(f"made the user {username} ({role})" + (f" with the password {password}" if generate else ""))


def list_accounts(settings: Settings) -> None:
    """Print every account, in the order they were made."""
    with current_database(settings) as database, database.read() as connection:
        rows = [_HEADERS, *(_row(account) for account in _accounts(connection))]
    say_table(rows)


def change_password(settings: Settings, username: str, generate: bool) -> None:
    """Give an account another password, which ends all its tokens; print it if it was made up."""
    with current_database(settings) as database:
        with database.read() as connection:
            account = _account_named(connection, username)
        if account.is_service:
            raise Conflict(f"{username} is a service and has no password.", code="SERVICE_ACCOUNT")
        password, password_hash = _new_password(username, generate)
        with database.begin() as connection:
            change_account(connection, account.id, now(), password_hash=password_hash)
    print(f"changed the password of {username}" + (f" to {password}" if generate else ""))


def disable_account(settings: Settings, username: str, disabled: bool) -> None:
    """Bar an account, which ends all its tokens, or let it in again. The last administrator cannot be barred."""
    with current_database(settings) as database, database.begin() as connection:
        change_account(connection, _account_named(connection, username).id, now(), disabled=disabled)
    print(f"{'disabled' if disabled else 'enabled'} {username}")


def _new_password(username: str, generate: bool) -> tuple[str, str]:
    """A new password and its hash."""
    password = generated_password() if generate else asked_password(username, new=True)
    refuse_weak_password(password, username)
    return password, Passwords().hash(password)


def _account_named(connection: Connection, username: str) -> Account:
    found = user_by_name(connection, username)
    account = None if found is None else account_by_id(connection, found.id)
    if account is None:
        raise NotFound(f"There is no account named {username!r}.")
    return account


def _accounts(connection: Connection) -> Iterator[Account]:
    page: Sequence[Account] = accounts_after(connection, None, PAGE)
    while page:
        yield from page
        page = accounts_after(connection, page[-1].id, PAGE)


def _row(account: Account) -> tuple[str, ...]:
    return (
        account.username,
        account.role,
        "yes" if account.is_service else "no",
        "yes" if account.disabled else "no",
        f"{account.created_at:%Y-%m-%d}",
    )

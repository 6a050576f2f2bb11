"""`shelfwise users`: accounts, straight in the database of this machine."""

from cli.passwords import asked_password
from shared.database import Database
from shared.errors import ConfigurationError
from shared.passwords import Passwords, generated_password, refuse_weak_password
from shared.schema import is_current
from shared.settings import Settings
from shared.users import Role, add_user, check_username


def add_account(settings: Settings, username: str, role: Role, generate: bool) -> None:
    """Make an account, and print the password if it was made up."""
    check_username(username)
    password = generated_password() if generate else asked_password(username, new=True)
    refuse_weak_password(password, username)
    password_hash = Passwords().hash(password)
    database = Database(settings.database)
    try:
        if not (database.exists() and is_current(database)):
            raise ConfigurationError(f"No current database in {settings.data_dir}: start `shelfwise up` first.")
        with database.begin() as connection:
            add_user(connection, username, password_hash, role)
    finally:
        database.close()
    print(f"made the user {username} ({role})" + (f" with the password {password}" if generate else ""))

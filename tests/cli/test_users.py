from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Row, insert, select, update

from cli.users import PAGE, add_account, change_password, list_accounts
from shared.database import Database
from shared.erasure import delete_account
from shared.errors import ConfigurationError, Conflict, InvalidInput
from shared.identifiers import new_id, now
from shared.passwords import Passwords
from shared.settings import load_settings
from shared.tables import RefreshToken, User
from shared.users import Role, user_by_name
from tests.cli.command import shelfwise
from tests.conftest import add_owner, fresh_postgres, require_postgres

STRONG = "a long administrator's phrase"


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def data_dir(database: Database, tmp_path: Path) -> Path:
    """A data folder with a migrated database."""
    return tmp_path / "data"


def test_an_account_is_made_with_the_password_of_the_environment(data_dir: Path, database: Database) -> None:
    done = shelfwise("users", "add", "ann", "--role", "reviewer", "--data-dir", data_dir, SHELFWISE_NEW_PASSWORD=STRONG)

    assert (done.returncode, done.stdout, done.stderr) == (0, "made the user ann (reviewer)\n", "")
    with database.read() as connection:
        account = user_by_name(connection, "ann")
    assert account is not None
    assert account.role == "reviewer"
    assert Passwords().verify(STRONG, account.password_hash)


def test_a_generated_password_is_shown_once_and_works(data_dir: Path, database: Database) -> None:
    done = shelfwise("users", "add", "ann", "--generate", "--data-dir", data_dir)

    assert done.returncode == 0, done.stderr
    said, password = done.stdout.strip().rsplit(" ", 1)
    assert said == "made the user ann (user) with the password"
    with database.read() as connection:
        account = user_by_name(connection, "ann")
    assert account is not None
    assert Passwords().verify(password, account.password_hash)


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [("ann", "password", "too easy to guess"), ("taken", STRONG, "There is an account named 'taken' already.")],
)
def test_a_refusal_is_one_sentence_and_makes_nothing(
    data_dir: Path, database: Database, name: str, password: str, sentence: str
) -> None:
    add_owner(database, "taken")

    done = shelfwise("users", "add", name, "--data-dir", data_dir, SHELFWISE_NEW_PASSWORD=password)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("shelfwise: ")
    assert sentence in done.stderr
    with database.read() as connection:
        assert user_by_name(connection, "ann") is None


@pytest.mark.parametrize("name", ["", "no spaces", "a/b", "x" * 65, "é", "a\n"])
def test_what_cannot_be_a_name_is_refused(data_dir: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="A user name has 1 to 64 letters"):
        add_account(load_settings(data_dir=data_dir), name, Role.USER, generate=True)


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="start `shelfwise up` first"):
        add_account(load_settings(data_dir=tmp_path / "nothing"), "ann", Role.USER, generate=True)


def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    done = shelfwise("users", "add", "ann", "--generate", "--data-dir", tmp_path)

    assert done.returncode == 1
    assert "start `shelfwise up` first" in done.stderr
    assert not (tmp_path / "shelfwise.db").exists()


def admin_named(database: Database, name: str) -> str:
    user_id = add_owner(database, name)
    with database.begin() as connection:
        connection.execute(update(User).where(User.id == user_id).values(role="admin"))
    return user_id


def the_user(database: Database, name: str) -> Row[User]:
    with database.read() as connection:
        found = user_by_name(connection, name)
    assert found is not None
    return found


def test_the_list_shows_each_account_in_a_line(data_dir: Path, database: Database) -> None:
    admin_named(database, "eve")
    add_owner(database, "a-longer-name")
    with database.begin() as connection:
        connection.execute(update(User).values(created_at=datetime(2026, 3, 1, tzinfo=UTC)))
        connection.execute(update(User).where(User.username == "eve").values(is_service=True, disabled=True))

    done = shelfwise("users", "list", "--data-dir", data_dir)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "name           role   service  disabled  made",
        "eve            admin  yes      yes       2026-03-01",
        "a-longer-name  user   no       no        2026-03-01",
    ]


def test_the_list_has_every_page_and_no_deleted_account(
    data_dir: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = add_owner(database, "gone")
    with database.begin() as connection:
        delete_account(connection, gone)
        names = [f"user-{number}" for number in range(PAGE + 1)]
        connection.execute(insert(User), [{"username": name, "password_hash": "!", "role": "user"} for name in names])

    list_accounts(load_settings(data_dir=data_dir))

    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]) == sorted(names)


def test_another_password_ends_what_the_old_one_had_opened(data_dir: Path, database: Database) -> None:
    user_id = add_owner(database, "ann")
    with database.begin() as connection:
        connection.execute(
            insert(RefreshToken).values(user_id=user_id, family=new_id(), token_hash="h", expires_at=now())
        )

    done = shelfwise("users", "passwd", "ann", "--data-dir", data_dir, SHELFWISE_NEW_PASSWORD=STRONG)

    assert (done.returncode, done.stdout, done.stderr) == (0, "changed the password of ann\n", "")
    account = the_user(database, "ann")
    assert Passwords().verify(STRONG, account.password_hash)
    assert account.token_version == 1
    with database.read() as connection:
        usable = select(RefreshToken.id).where(RefreshToken.revoked_at.is_(None))
        assert connection.scalars(usable).all() == []


def test_a_password_that_was_made_up_is_shown_once_and_works(data_dir: Path, database: Database) -> None:
    add_owner(database, "ann")

    done = shelfwise("users", "passwd", "ann", "--generate", "--data-dir", data_dir)

    said, password = done.stdout.strip().rsplit(" ", 1)
    assert said == "changed the password of ann to"
    assert Passwords().verify(password, the_user(database, "ann").password_hash)


def test_a_weak_password_changes_nothing(data_dir: Path, database: Database) -> None:
    add_owner(database, "ann")

    done = shelfwise("users", "passwd", "ann", "--data-dir", data_dir, SHELFWISE_NEW_PASSWORD="password")

    assert (done.returncode, done.stdout) == (1, "")
    assert "too easy to guess" in done.stderr
    assert the_user(database, "ann").password_hash == "!"


def test_a_service_has_no_password_to_change(data_dir: Path, database: Database) -> None:
    add_owner(database, "shop")
    with database.begin() as connection:
        connection.execute(update(User).values(is_service=True))

    with pytest.raises(Conflict, match="shop is a service"):
        change_password(load_settings(data_dir=data_dir), "shop", generate=True)

    assert the_user(database, "shop").password_hash == "!"


def test_an_account_is_disabled_and_enabled_again(data_dir: Path, database: Database) -> None:
    add_owner(database, "ann")

    done = shelfwise("users", "disable", "ann", "--data-dir", data_dir)
    assert (done.returncode, done.stdout, done.stderr) == (0, "disabled ann\n", "")
    account = the_user(database, "ann")
    assert (account.disabled, account.token_version) == (True, 1)

    done = shelfwise("users", "enable", "ann", "--data-dir", data_dir)
    assert (done.returncode, done.stdout, done.stderr) == (0, "enabled ann\n", "")
    assert not the_user(database, "ann").disabled


def test_the_last_administrator_cannot_be_disabled(data_dir: Path, database: Database) -> None:
    admin_named(database, "eve")
    add_owner(database, "ann")

    done = shelfwise("users", "disable", "eve", "--data-dir", data_dir)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "last administrator" in done.stderr
    assert not the_user(database, "eve").disabled


@pytest.mark.parametrize("command", ["passwd", "disable", "enable"])
def test_a_name_that_nobody_has_is_refused_in_one_sentence(data_dir: Path, command: str) -> None:
    done = shelfwise("users", command, "nobody", "--data-dir", data_dir, SHELFWISE_NEW_PASSWORD=STRONG)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "shelfwise: There is no account named 'nobody'.\n"


def test_on_a_server_without_our_tables_one_is_told_to_prepare_it() -> None:
    require_postgres()
    with fresh_postgres() as empty:
        done = shelfwise("users", "list", SHELFWISE_DATABASE_URL=empty)

    assert done.returncode == 1
    assert "run `shelfwise prepare` first" in done.stderr

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.users import add_account
from shared.database import Database
from shared.errors import ConfigurationError, InvalidInput
from shared.passwords import Passwords
from shared.settings import load_settings
from shared.users import Role, user_by_name
from tests.cli.command import shelfwise
from tests.conftest import add_owner

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

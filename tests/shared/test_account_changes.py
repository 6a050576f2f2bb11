from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from shared.account_changes import change_account
from shared.database import Database
from shared.errors import Conflict
from shared.identifiers import new_id, now
from shared.tables import User
from shared.users import Role, account_by_id, accounts_after, add_user, locked_account, user_by_name

ADMINS = 4


def add(database: Database, name: str, role: Role = Role.USER, **columns: Any) -> str:
    with database.begin() as connection:
        user_id = add_user(connection, name, "!", role)
        if columns:
            connection.execute(update(User).where(User.id == user_id).values(columns))
    return user_id


def change(database: Database, user_id: str, **changes: Any) -> int:
    """Change an account, and return its token version."""
    with database.begin() as connection:
        account = change_account(connection, user_id, now(), **changes)
    assert account is not None
    return account.token_version


@pytest.mark.parametrize("changes", [{"role": Role.REVIEWER}, {"disabled": True}, {"password_hash": "another"}])
def test_a_change_of_rights_or_password_voids_tokens(database: Database, changes: dict[str, Any]) -> None:
    assert change(database, add(database, "ann"), **changes) == 1


@pytest.mark.parametrize("changes", [{"role": Role.USER}, {"disabled": False}])
def test_what_is_as_it_was_voids_nothing(database: Database, changes: dict[str, Any]) -> None:
    assert change(database, add(database, "ann"), **changes) == 0


def test_enabling_an_account_again_voids_nothing(database: Database) -> None:
    assert change(database, add(database, "ann", disabled=True), disabled=False) == 0


def test_only_what_is_given_changes(database: Database) -> None:
    ann = add(database, "ann")

    change(database, ann, role=Role.REVIEWER)

    with database.read() as connection:
        user = user_by_name(connection, "ann")
    assert user is not None
    assert (user.role, user.disabled, user.password_hash) == ("reviewer", False, "!")


@pytest.mark.parametrize("changes", [{"role": Role.USER}, {"role": Role.REVIEWER}, {"disabled": True}])
def test_the_last_administrator_stays(database: Database, changes: dict[str, Any]) -> None:
    last = add(database, "last", Role.ADMIN)
    add(database, "disabled", Role.ADMIN, disabled=True)
    add(database, "deleted", Role.ADMIN, deleted_at=now())
    add(database, "service", Role.ADMIN, is_service=True)

    with pytest.raises(Conflict) as caught:
        change(database, last, **changes)

    assert caught.value.code == "LAST_ADMIN"


def test_the_last_administrator_may_have_a_new_password(database: Database) -> None:
    last = add(database, "last", Role.ADMIN)

    assert change(database, last, password_hash="another", role=Role.ADMIN, disabled=False) == 1


def test_administrators_who_take_away_each_others_rights_at_once_leave_one(database: Database) -> None:
    admins = [add(database, f"admin {number}", Role.ADMIN) for number in range(ADMINS)]
    together = Barrier(ADMINS)

    def disable(user_id: str) -> bool:
        together.wait(30)
        try:
            change(database, user_id, disabled=True)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(ADMINS) as threads:
        outcomes = list(threads.map(disable, admins))

    assert sorted(outcomes) == [False] + [True] * (ADMINS - 1)


def test_a_deleted_account_exists_for_nobody(database: Database) -> None:
    gone = add(database, "gone", deleted_at=now())

    with database.begin() as connection:
        assert account_by_id(connection, gone) is None
        assert locked_account(connection, gone) is None
        assert user_by_name(connection, "gone") is None
        assert accounts_after(connection, None, 10) == []
        assert change_account(connection, gone, now(), disabled=True) is None


def test_what_is_no_account_cannot_be_changed(database: Database) -> None:
    with database.begin() as connection:
        assert change_account(connection, new_id(), now(), disabled=True) is None

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from shared.administrators import require_another_admin
from shared.database import Database
from shared.errors import Conflict
from shared.identifiers import new_id, now
from shared.tables import User
from tests.conftest import add_owner


def add_admin(database: Database, name: str, **values: object) -> str:
    user_id = add_owner(database, name)
    with database.begin() as connection:
        connection.execute(update(User).where(User.id == user_id).values(role="admin", **values))
    return user_id


def disable(database: Database, user_id: str) -> None:
    with database.begin() as connection:
        require_another_admin(connection, user_id)
        connection.execute(update(User).where(User.id == user_id).values(disabled=True))


def test_one_of_two_may_go_and_the_other_may_not(database: Database) -> None:
    first, second = add_admin(database, "first"), add_admin(database, "second")
    disable(database, first)

    with pytest.raises(Conflict) as refused:
        disable(database, second)

    assert refused.value.code == "LAST_ADMIN"


@pytest.mark.parametrize(
    "away",
    [{"disabled": True}, {"deleted_at": now()}, {"is_service": True}],
    ids=["disabled", "deleted", "a service"],
)
def test_who_cannot_sign_in_or_is_nobody_does_not_count(database: Database, away: dict[str, object]) -> None:
    last = add_admin(database, "last")
    add_admin(database, "away", **away)

    with pytest.raises(Conflict):
        disable(database, last)


def test_others_may_go_although_there_is_one_administrator_or_none(database: Database, owner: str) -> None:
    disable(database, owner)
    add_admin(database, "last")

    disable(database, owner)
    disable(database, new_id())


def test_of_administrators_who_remove_each_other_at_once_one_stays(database: Database) -> None:
    admins = [add_admin(database, f"admin-{each}") for each in range(4)]
    start = threading.Barrier(len(admins))

    def remove(user_id: str) -> bool:
        start.wait()
        try:
            disable(database, user_id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(len(admins)) as hands:
        removed = list(hands.map(remove, admins))

    assert sum(removed) == 3
    with database.read() as connection:
        assert connection.scalar(select(func.count()).where(User.disabled.is_(False))) == 1

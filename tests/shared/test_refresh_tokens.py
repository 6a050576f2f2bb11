from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, insert, select, update

from shared.account_changes import change_account
from shared.database import Database
from shared.identifiers import now
from shared.refresh_tokens import (
    FAMILIES_KEPT,
    GRACE,
    TOKENS_KEPT,
    forget_expired_refresh_tokens,
    issue,
    revoke,
    rotate,
    void_tokens,
)
from shared.tables import RefreshToken, User
from tests.conftest import add_owner

START = now()
DAYS = timedelta(days=30)
AT_ONCE = 20


def sign_in(database: Database, owner: str, version: int = 0) -> str:
    with database.begin() as connection:
        refresh = issue(connection, owner, version, START + DAYS, START)
    assert refresh is not None
    return refresh.token


def use(database: Database, token: str, after: timedelta = timedelta(0)) -> str | None:
    """Use a token this long after the sign-in: the next one, or None when it is refused."""
    with database.begin() as connection:
        refresh = rotate(connection, token, START + after)
    return None if refresh is None else refresh.token


def used(database: Database, token: str, after: timedelta = timedelta(0)) -> str:
    child = use(database, token, after)
    assert child is not None
    return child


def test_a_token_stands_for_its_account_and_is_exchanged_for_the_next(database: Database, owner: str) -> None:
    first = sign_in(database, owner)

    with database.begin() as connection:
        second = rotate(connection, first, START)

    assert second is not None
    assert second.account.id == owner
    assert second.token != first


def test_what_is_stored_is_no_token(database: Database, owner: str) -> None:
    token = sign_in(database, owner)

    with database.read() as connection:
        (row,) = connection.execute(select(RefreshToken)).all()

    assert len(token) == 43  # 256 bits
    assert token not in str(row)


@pytest.mark.parametrize("token", ["", "no such token", "x" * 43, "é\0"])
def test_what_is_no_token_is_refused(database: Database, owner: str, token: str) -> None:
    sign_in(database, owner)

    assert use(database, token) is None


def test_a_family_ends_when_its_first_token_would_have(database: Database, owner: str) -> None:
    child = used(database, sign_in(database, owner), DAYS - timedelta(seconds=1))

    assert use(database, child, DAYS) is None


def test_a_used_token_that_comes_again_at_once_yields_another_child(database: Database, owner: str) -> None:
    first = sign_in(database, owner)
    one = used(database, first)

    other = used(database, first, GRACE)

    assert one != other
    assert use(database, one, GRACE)
    assert use(database, other, GRACE)


def test_a_used_token_that_comes_again_later_ends_its_family(database: Database, owner: str) -> None:
    first = sign_in(database, owner)
    child = used(database, first)
    later = GRACE + timedelta(seconds=1)

    assert use(database, first, later) is None
    assert use(database, child, later) is None


def test_the_grace_does_not_begin_anew(database: Database, owner: str) -> None:
    first = sign_in(database, owner)
    used(database, first)
    used(database, first, GRACE)

    assert use(database, first, GRACE + timedelta(seconds=1)) is None


def test_other_families_go_on(database: Database, owner: str) -> None:
    first, elsewhere = sign_in(database, owner), sign_in(database, owner)
    used(database, first)

    use(database, first, 2 * GRACE)

    assert use(database, elsewhere, 2 * GRACE)


def test_many_who_use_a_token_at_once_all_get_one_that_is_good(database: Database, owner: str) -> None:
    first = sign_in(database, owner)
    together = Barrier(AT_ONCE)

    def use_with_the_others(_: int) -> str | None:
        together.wait(30)
        return use(database, first)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        children = list(threads.map(use_with_the_others, range(AT_ONCE)))

    assert len(set(children) - {None}) == AT_ONCE
    assert all(use(database, child or "", GRACE) for child in children)
    assert use(database, first, 2 * GRACE) is None
    assert not any(use(database, child or "", GRACE) for child in children)


def test_whoever_uses_a_family_while_it_is_ended_is_left_with_nothing(database: Database, owner: str) -> None:
    tokens = [sign_in(database, owner) for _ in range(AT_ONCE)]
    together = Barrier(AT_ONCE + 1)

    def use_with_the_others(token: str) -> str | None:
        together.wait(30)
        return use(database, token)

    def end_all() -> None:
        together.wait(30)
        with database.begin() as connection:
            void_tokens(connection, owner, START)

    with ThreadPoolExecutor(AT_ONCE + 1) as threads:
        ending = threads.submit(end_all)
        children = list(threads.map(use_with_the_others, tokens))
    ending.result()

    assert not any(use(database, child) for child in children if child)


def test_a_revoked_family_is_refused_whichever_token_was_revoked(database: Database, owner: str) -> None:
    first = sign_in(database, owner)
    child = used(database, first)

    with database.begin() as connection:
        revoke(connection, first, START)

    assert use(database, child) is None


def test_revoking_what_is_no_token_is_nothing(database: Database, owner: str) -> None:
    token = sign_in(database, owner)

    with database.begin() as connection:
        revoke(connection, "no such token", START)

    assert use(database, token)


def test_ending_all_tokens_raises_the_version_and_touches_no_other_account(database: Database, owner: str) -> None:
    token, other = sign_in(database, owner), sign_in(database, add_owner(database, "other"))

    with database.begin() as connection:
        void_tokens(connection, owner, START)
        versions = {name: version for name, version in connection.execute(select(User.username, User.token_version))}

    assert use(database, token) is None
    assert use(database, other)
    assert versions == {"owner": 1, "other": 0}


@pytest.mark.parametrize("gone", [{"disabled": True}, {"deleted_at": START}])
def test_an_account_that_is_gone_cannot_refresh(database: Database, owner: str, gone: dict[str, object]) -> None:
    token = sign_in(database, owner)

    with database.begin() as connection:
        connection.execute(update(User).values(gone))

    assert use(database, token) is None


def test_no_family_begins_when_the_account_was_changed_since_its_password_was_checked(
    database: Database, owner: str
) -> None:
    with database.begin() as connection:
        change_account(connection, owner, START, password_hash="another")

        assert issue(connection, owner, 0, START + DAYS, START) is None
        assert issue(connection, owner, 1, START + DAYS, START) is not None


def test_an_account_keeps_its_newest_families(database: Database, owner: str) -> None:
    other = sign_in(database, add_owner(database, "other"))
    oldest, *kept = [sign_in(database, owner) for _ in range(FAMILIES_KEPT + 1)]

    assert use(database, oldest) is None
    assert use(database, kept[0])
    assert use(database, kept[-1])
    assert use(database, other)


def test_a_family_that_is_refreshed_without_pause_keeps_its_newest_tokens(database: Database, owner: str) -> None:
    first = sign_in(database, owner)
    with database.begin() as connection:
        family = connection.scalar(select(RefreshToken.family))
        old = [
            {
                "user_id": owner,
                "family": family,
                "token_hash": f"{number:064}",
                "expires_at": START + DAYS,
                "used_at": START,
            }
            for number in range(TOKENS_KEPT)
        ]
        connection.execute(insert(RefreshToken), old)

    used(database, first)

    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(RefreshToken)) == TOKENS_KEPT


def test_expired_tokens_are_forgotten_and_no_others(database: Database, owner: str) -> None:
    used(database, sign_in(database, owner))
    with database.begin() as connection:
        issue(connection, owner, 0, START + 2 * DAYS, START)

    with database.begin() as connection:
        forget_expired_refresh_tokens(connection, START + DAYS)
        left = connection.scalar(select(func.count()).select_from(RefreshToken))

    assert left == 1

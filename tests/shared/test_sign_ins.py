from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.errors import TooManyRequests
from shared.identifiers import now
from shared.settings import load_settings
from shared.sign_ins import (
    SignInLimits,
    Try,
    clear_failures,
    count_failure,
    forget_expired_failures,
    network_of,
    refuse_too_many,
)
from shared.tables import SignInFailures

START = now()
WINDOW = timedelta(minutes=15)
LIMITS = SignInLimits(per_account=3, per_address=5, window=WINDOW)
HERE = Try("ines", "192.0.2.1")


def fail(database: Database, attempt: Try, times: int = 1, after: timedelta = timedelta(0)) -> None:
    for _ in range(times):
        with database.begin() as connection:
            count_failure(connection, attempt, LIMITS, START + after)


def wait_of(database: Database, attempt: Try, after: timedelta = timedelta(0)) -> int | None:
    """How many seconds a try is put off for; None when it may go on."""
    with database.read() as connection:
        try:
            refuse_too_many(connection, attempt, LIMITS, START + after)
        except TooManyRequests as refusal:
            return refusal.retry_after
    return None


def test_an_account_is_shut_after_its_failures_wherever_they_came_from(database: Database) -> None:
    fail(database, HERE, 2)
    assert wait_of(database, HERE) is None

    fail(database, Try("ines", "192.0.2.2"))

    assert wait_of(database, Try("ines", "192.0.2.3")) == WINDOW.total_seconds()
    assert wait_of(database, Try("Ines", "192.0.2.3")) is None


def test_an_address_is_shut_after_its_failures_whatever_the_names(database: Database) -> None:
    for name in range(5):
        assert wait_of(database, Try("another", HERE.address)) is None
        fail(database, Try(f"name {name}", HERE.address))

    assert wait_of(database, Try("another", HERE.address)) == WINDOW.total_seconds()
    assert wait_of(database, Try("another", "192.0.2.2")) is None


def test_the_window_begins_with_the_first_failure(database: Database) -> None:
    fail(database, HERE)
    fail(database, HERE, 5, after=timedelta(minutes=14))

    assert wait_of(database, HERE, after=timedelta(minutes=14)) == 60
    assert wait_of(database, HERE, after=WINDOW - timedelta(milliseconds=1)) == 1
    assert wait_of(database, HERE, after=WINDOW) is None


def test_a_new_window_counts_from_one(database: Database) -> None:
    fail(database, HERE, 3)

    fail(database, HERE, 2, after=WINDOW)
    assert wait_of(database, HERE, after=WINDOW) is None
    fail(database, HERE, after=WINDOW)

    assert wait_of(database, HERE, after=WINDOW) == WINDOW.total_seconds()


def test_a_success_clears_the_account_and_not_the_address(database: Database) -> None:
    fail(database, HERE, 4)
    fail(database, Try("other", HERE.address))

    with database.begin() as connection:
        clear_failures(connection, HERE)

    assert wait_of(database, Try("ines", "192.0.2.2")) is None
    assert wait_of(database, HERE) is not None


def test_no_failure_is_lost_when_many_come_at_once(database: Database) -> None:
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda number: fail(database, Try(f"name {number % 2}", HERE.address)), range(40)))

    with database.read() as connection:
        assert sorted(connection.scalars(select(SignInFailures.count))) == [20, 20, 40]


def test_neither_names_nor_addresses_are_stored(database: Database) -> None:
    fail(database, HERE)

    with database.read() as connection:
        keys = connection.scalars(select(SignInFailures.key)).all()

    assert [len(key) for key in keys] == [64, 64]


def test_ended_windows_are_forgotten_and_no_others(database: Database) -> None:
    fail(database, HERE)
    fail(database, Try("other", "192.0.2.2"), after=timedelta(seconds=1))

    with database.begin() as connection:
        forget_expired_failures(connection, START + WINDOW)
        left = connection.scalar(select(func.count()).select_from(SignInFailures))

    assert left == 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_an_ipv6_customer_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_limits_are_those_of_the_settings() -> None:
    settings = load_settings(sign_in_failures=1, sign_in_failures_per_address=2, sign_in_window_seconds=3)

    assert SignInLimits.of(settings) == SignInLimits(1, 2, timedelta(seconds=3))

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from shared.database import Database
from shared.errors import QuotaFull, TooManyRequests, Unauthenticated
from shared.identifiers import now
from shared.ledger.submission import ProductInput
from shared.settings import load_settings
from shared.tables import Image, Usage, User
from shared.usage import Quotas, Used, charge, new_photo_bytes, refund_bytes, usage_of
from tests.conftest import add_owner
from tests.support.ledger import WEEK, accept_product

QUOTAS = Quotas(rows_per_day=10, stored_bytes=1_000)
PHOTO, OTHER_PHOTO = "a" * 64, "b" * 64


def used(database: Database, owner: str) -> Used:
    with database.read() as connection:
        return usage_of(connection, owner)


def spend(database: Database, owner: str, rows: int = 0, stored_bytes: int = 0) -> None:
    with database.begin() as connection:
        charge(connection, owner, rows, stored_bytes, QUOTAS)


def submit_photo(database: Database, owner: str, photo: str = PHOTO, size: int = 300) -> None:
    """Accept a product with a photo, and charge it."""
    with database.begin() as connection:
        charge(connection, owner, 1, new_photo_bytes(connection, owner, {photo: size}), QUOTAS)
        if connection.scalar(select(Image.sha256).where(Image.sha256 == photo)) is None:
            connection.execute(insert(Image).values(sha256=photo, size=size))
        accept_product(connection, owner, ProductInput(designation="Chaise", image=photo), WEEK)


def test_an_account_that_has_submitted_nothing_has_used_nothing(database: Database, owner: str) -> None:
    assert used(database, owner) == Used(0, 0)


def test_rows_and_bytes_add_up(database: Database, owner: str) -> None:
    spend(database, owner, rows=3, stored_bytes=100)
    spend(database, owner, rows=4, stored_bytes=200)

    assert used(database, owner) == Used(7, 300)


def test_accounts_are_counted_apart(database: Database, owner: str) -> None:
    spend(database, add_owner(database, "other"), rows=3, stored_bytes=100)

    assert used(database, owner) == Used(0, 0)


def test_a_quota_can_be_used_up_and_not_passed(database: Database, owner: str) -> None:
    spend(database, owner, rows=10, stored_bytes=1_000)

    with pytest.raises(TooManyRequests) as too_many:
        spend(database, owner, rows=1)
    with pytest.raises(QuotaFull) as full:
        spend(database, owner, stored_bytes=1)

    assert (too_many.value.code, full.value.code) == ("QUOTA_ROWS", "QUOTA_STORED_BYTES")
    assert used(database, owner) == Used(10, 1_000)


def test_who_is_over_one_limit_may_still_use_the_other(database: Database, owner: str) -> None:
    spend(database, owner, stored_bytes=1_000)
    with database.begin() as connection:
        connection.execute(update(Usage).values(stored_bytes=2_000))  # the limit was lowered since

    spend(database, owner, rows=10)

    assert used(database, owner).rows_today == 10


def test_it_may_try_again_when_the_next_day_begins_in_utc(database: Database, owner: str) -> None:
    before = now()
    with pytest.raises(TooManyRequests) as refused:
        spend(database, owner, rows=11)

    midnight = datetime.combine(before.date() + timedelta(days=1), datetime.min.time(), UTC)
    assert refused.value.retry_after == pytest.approx((midnight - before).total_seconds(), abs=60)


def test_rows_of_another_day_do_not_count(database: Database, owner: str) -> None:
    spend(database, owner, rows=10, stored_bytes=500)
    with database.begin() as connection:
        connection.execute(update(Usage).values(day="2020-02-29"))

    assert used(database, owner) == Used(0, 500)
    spend(database, owner, rows=4)
    assert used(database, owner) == Used(4, 500)


def test_a_clock_that_is_behind_midnight_does_not_empty_the_day_that_has_begun(database: Database, owner: str) -> None:
    spend(database, owner, rows=9)
    with database.begin() as connection:
        connection.execute(update(Usage).values(day=(now() + timedelta(days=1)).date().isoformat()))

    with pytest.raises(TooManyRequests):
        spend(database, owner, rows=2)


def test_a_deleted_account_is_charged_nothing(database: Database, owner: str) -> None:
    with database.begin() as connection:
        connection.execute(update(User).values(deleted_at=now()))

    with pytest.raises(Unauthenticated):
        spend(database, owner, rows=1)

    with database.read() as connection:
        assert connection.scalars(select(Usage.owner_id)).all() == []


def test_a_refund_makes_room_and_never_more_than_there_was(database: Database, owner: str) -> None:
    spend(database, owner, stored_bytes=900)

    with database.begin() as connection:
        refund_bytes(connection, owner, 400)
    assert used(database, owner).stored_bytes == 500

    with database.begin() as connection:
        refund_bytes(connection, owner, 10_000)
    assert used(database, owner).stored_bytes == 0


def test_a_photo_is_charged_once_to_each_who_holds_it(database: Database, owner: str) -> None:
    other = add_owner(database, "other")

    for _ in range(3):
        submit_photo(database, owner)
    submit_photo(database, other)

    assert used(database, owner) == Used(3, 300)
    assert used(database, other) == Used(1, 300)


def test_only_the_photos_that_are_new_count(database: Database, owner: str) -> None:
    submit_photo(database, owner)

    with database.begin() as connection:
        assert new_photo_bytes(connection, owner, {PHOTO: 300, OTHER_PHOTO: 45}) == 45
        assert new_photo_bytes(connection, owner, {f"{each:064}": 1 for each in range(2_500)}) == 2_500


def test_threads_that_submit_one_photo_at_once_pay_for_it_once(database: Database, owner: str) -> None:
    start = threading.Barrier(4)

    def submit() -> None:
        start.wait()
        with database.begin() as connection:
            charge(connection, owner, 1, new_photo_bytes(connection, owner, {PHOTO: 300}), QUOTAS)
            accept_product(connection, owner, ProductInput(designation="Chaise", image=PHOTO), WEEK)

    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=300))

    with ThreadPoolExecutor(4) as hands:
        for hand in [hands.submit(submit) for _ in range(4)]:
            hand.result()

    assert used(database, owner) == Used(4, 300)


def test_threads_of_one_account_never_pass_its_quota_together(database: Database, owner: str) -> None:
    start = threading.Barrier(4)

    def spend_until_refused() -> int:
        start.wait()
        for spent in range(100):
            try:
                spend(database, owner, rows=1)
            except TooManyRequests:
                return spent
        raise AssertionError("nobody was refused")

    with ThreadPoolExecutor(4) as hands:
        spent = [hand.result() for hand in [hands.submit(spend_until_refused) for _ in range(4)]]

    assert sum(spent) == used(database, owner).rows_today == 10


def test_the_quotas_are_those_of_the_settings() -> None:
    settings = load_settings(quota_rows_per_day=7, quota_stored_bytes=70)

    assert Quotas.of(settings) == Quotas(7, 70)

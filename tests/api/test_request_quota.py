from threading import Thread

import pytest

from api.request_quota import FIRST_CLEARING, RequestQuota
from shared.errors import TooManyRequests


def taken(quota: RequestQuota, account: str, at: float, times: int) -> int:
    """How many of so many requests at one moment were let through."""
    passed = 0
    for _ in range(times):
        try:
            quota.take(account, at)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def test_a_minutes_worth_may_come_at_once() -> None:
    assert taken(RequestQuota(100), "ann", at=1e6, times=150) == 100


def test_what_time_gives_back_may_be_taken() -> None:
    quota = RequestQuota(100)
    taken(quota, "ann", at=1e6, times=100)

    assert taken(quota, "ann", at=1e6 + 6, times=50) == 10
    assert taken(quota, "ann", at=1e6 + 66, times=150) == 100


def test_no_account_takes_from_another() -> None:
    quota = RequestQuota(1)
    taken(quota, "ann", at=0, times=1)

    assert taken(quota, "ben", at=0, times=1) == 1


def test_a_refusal_says_how_long_to_wait_and_that_is_enough() -> None:
    quota = RequestQuota(7)
    taken(quota, "ann", at=5, times=7)

    with pytest.raises(TooManyRequests) as caught:
        quota.take("ann", 5)

    assert (caught.value.code, caught.value.retry_after) == ("QUOTA_REQUESTS", 9)
    quota.take("ann", 5 + caught.value.retry_after)


def test_a_refused_request_costs_nothing() -> None:
    quota = RequestQuota(60)
    taken(quota, "ann", at=0, times=1000)

    assert taken(quota, "ann", at=1, times=2) == 1


def test_accounts_that_are_paid_off_are_forgotten() -> None:
    quota = RequestQuota(60)

    for number in range(20 * FIRST_CLEARING):
        quota.take(f"account {number}", number * 0.1)

    assert len(quota) <= 2 * FIRST_CLEARING


def test_threads_together_get_no_more_than_one() -> None:
    quota = RequestQuota(1000)
    passed: list[int] = []
    threads = [Thread(target=lambda: passed.append(taken(quota, "ann", 0, 500))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 1000

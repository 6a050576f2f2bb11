import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.remembered import Remembered
from tests.support.waiting import wait_for


def test_within_the_time_it_is_found_out_once() -> None:
    numbers = itertools.count()
    remembered = Remembered(3_600, lambda: next(numbers))

    assert [remembered.latest() for _ in range(3)] == [0, 0, 0]


def test_after_the_time_it_is_found_out_again() -> None:
    numbers = itertools.count()
    remembered = Remembered(0, lambda: next(numbers))

    assert [remembered.latest() for _ in range(3)] == [0, 1, 2]


def test_who_asks_meanwhile_gets_what_is_being_found_out() -> None:
    numbers, asked = itertools.count(), threading.Barrier(2)

    def find_out() -> int:
        asked.wait(10)
        return next(numbers)

    remembered = Remembered(3_600, find_out)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(remembered.latest) for _ in range(8)]
        asked.wait(10)

        assert [answer.result(10) for answer in answers] == [0] * 8


def test_a_failure_is_not_remembered() -> None:
    outcomes = iter([RuntimeError("away"), 1])

    def find_out() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    remembered = Remembered(3_600, find_out)
    with pytest.raises(RuntimeError, match="away"):
        remembered.latest()

    assert remembered.latest() == 1


def test_who_waits_for_what_fails_is_told_so() -> None:
    asked = threading.Barrier(2)

    def find_out() -> int:
        asked.wait(10)
        raise RuntimeError("away")

    remembered = Remembered(3_600, find_out)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(remembered.latest)
        waited_for = wait_for(lambda: remembered._found, 10, "somebody who asks")
        asked.wait(10)

        assert str(waited_for.exception(10)) == "away"

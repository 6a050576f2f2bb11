"""What arrives together is asked together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from api.gathered import Gathered


class Answers:
    """Answers numbers with their doubles; holds the first call until it is let go, and remembers who came together."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.first_may_end = threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(numbers))
        if len(self.calls) == 1:
            self.first_may_end.wait(10)
        return [ValueError(str(number)) if number < 0 else 2 * number for number in numbers]


@pytest.fixture
def answers() -> Answers:
    return Answers()


def test_who_comes_during_a_call_is_answered_by_the_next(answers: Answers) -> None:
    async def ask() -> list[int]:
        with Gathered("test", answers, most=64) as gathered:
            first = asyncio.create_task(gathered.ask(1))
            while not answers.calls:
                await asyncio.sleep(0)
            others = [asyncio.create_task(gathered.ask(number)) for number in (2, 3, 4)]
            await asyncio.sleep(0)
            answers.first_may_end.set()
            return await asyncio.gather(first, *others)

    assert asyncio.run(ask()) == [2, 4, 6, 8]
    assert answers.calls == [[1], [2, 3, 4]]


def test_no_call_gets_more_than_it_may(answers: Answers) -> None:
    answers.first_may_end.set()

    async def ask() -> list[int]:
        with Gathered("test", answers, most=2) as gathered:
            return await asyncio.gather(*(gathered.ask(number) for number in range(5)))

    assert asyncio.run(ask()) == [0, 2, 4, 6, 8]
    assert max(map(len, answers.calls)) == 2


def test_an_error_is_raised_for_the_one_who_asked(answers: Answers) -> None:
    answers.first_may_end.set()

    async def ask() -> list[int | BaseException]:
        with Gathered("test", answers, most=64) as gathered:
            return await asyncio.gather(gathered.ask(1), gathered.ask(-1), return_exceptions=True)

    good, bad = asyncio.run(ask())
    assert good == 2
    assert isinstance(bad, ValueError)


def test_a_call_that_fails_fails_for_all_and_the_next_is_made() -> None:
    calls = []

    def fail_once(numbers: Sequence[int]) -> list[int | Exception]:
        calls.append(numbers)
        if len(calls) == 1:
            raise OSError("away")
        return list(numbers)

    async def ask() -> list[int | BaseException]:
        with Gathered("test", fail_once, most=64) as gathered:
            failed = await asyncio.gather(gathered.ask(1), gathered.ask(2), return_exceptions=True)
            return [*failed, await gathered.ask(3)]

    *failed, after = asyncio.run(ask())
    assert [type(error) for error in failed] == [OSError, OSError]
    assert after == 3


def test_who_goes_away_spoils_nothing(answers: Answers) -> None:
    async def ask() -> int:
        with Gathered("test", answers, most=64) as gathered:
            leaving = asyncio.create_task(gathered.ask(1))
            while not answers.calls:
                await asyncio.sleep(0)
            staying = asyncio.create_task(gathered.ask(2))
            leaving.cancel()
            await asyncio.sleep(0)
            answers.first_may_end.set()
            return await staying

    assert asyncio.run(ask()) == 4


def test_too_few_answers_are_an_error_for_all_who_asked() -> None:
    async def ask() -> list[int | BaseException]:
        with Gathered[int, int]("test", lambda numbers: list(numbers)[1:], most=64) as gathered:
            asking = asyncio.gather(gathered.ask(1), gathered.ask(2), return_exceptions=True)
            return await asyncio.wait_for(asking, 10)

    assert [type(error) for error in asyncio.run(ask())] == [ValueError, ValueError]

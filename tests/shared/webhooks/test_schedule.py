"""When a delivery is tried again."""

import pytest

from shared.webhooks.schedule import DELAYS, JITTER, LONGEST_RETRY_AFTER, delays_in, next_delay


@pytest.mark.parametrize("tries", range(len(DELAYS)))
def test_each_delay_is_near_the_scheduled_one(tries: int) -> None:
    delay = next_delay(DELAYS, tries)

    assert delay is not None
    assert (1 - JITTER) * DELAYS[tries] <= delay <= (1 + JITTER) * DELAYS[tries]


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({next_delay(DELAYS, 2) for _ in range(20)}) > 1


def test_the_tries_come_to_an_end() -> None:
    assert next_delay(DELAYS, len(DELAYS)) is None
    assert next_delay(DELAYS, len(DELAYS), retry_after=5) is None


def test_a_receiver_may_ask_for_more_time_up_to_a_day() -> None:
    assert next_delay(DELAYS, 1, retry_after=60) == 60
    assert next_delay(DELAYS, 1, retry_after=1e9) == LONGEST_RETRY_AFTER


def test_a_receiver_cannot_ask_for_less() -> None:
    delay = next_delay(DELAYS, 2, retry_after=1)

    assert delay is not None
    assert delay > 200


def test_the_default_is_ten_tries_in_a_little_more_than_three_days() -> None:
    assert len(DELAYS) == 10
    assert 3 < sum(DELAYS) / 86_400 < 3.5


@pytest.mark.parametrize("text", ["", "soon", "1,,2", "-1", "nan", "1e9", ",".join(["1"] * 51)])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it must be"):
        delays_in(text)

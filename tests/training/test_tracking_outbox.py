from collections.abc import Callable

from training.tracking.outbox import Outbox


class Receiver:
    """A far end that a test takes away and brings back; each attempt to reach it takes `seconds` on its clock."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.now = 1000.0
        self.got: list[int] = []
        self.away = False
        self.tries = 0

    def take(self, number: int) -> Callable[[], None]:
        def action() -> None:
            self.tries += 1
            self.now += self.seconds
            if self.away:
                raise ConnectionError("nobody there")
            if number < 0:
                raise ValueError("a negative number\nand more")
            self.got.append(number)

        return action


def outbox(far: Receiver, said: list[str], *, most: int = 2_000) -> Outbox:
    def away(error: Exception) -> bool:
        return isinstance(error, OSError)

    return Outbox(away, said.append, most=most, pause_seconds=60, clock=lambda: far.now)


def test_while_the_far_end_answers_everything_is_sent_at_once() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said)
    for number in range(3):
        box.send(far.take(number))
        assert far.got[-1] == number
    assert said == []


def test_what_waited_is_sent_in_order_once_the_far_end_answers_again() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said)
    far.away = True
    box.send(far.take(1))
    box.send(far.take(2))
    far.away = False
    far.now += 61
    box.send(far.take(3))
    assert far.got == [1, 2, 3]


def test_a_far_end_that_is_away_is_told_of_once_and_left_in_peace_for_a_while() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said)
    far.away = True
    for number in range(100):
        box.send(far.take(number))
    assert far.tries == 1
    assert said == ["The tracking store does not answer; training goes on, and what is to be tracked waits."]


def test_after_a_slow_attempt_the_pause_is_ten_times_as_long_as_that_took() -> None:
    far, said = Receiver(seconds=20), list[str]()
    box = outbox(far, said)
    far.away = True
    box.send(far.take(1))
    far.now += 199
    box.send(far.take(2))
    assert far.tries == 1
    far.now += 2
    box.send(far.take(3))
    assert far.tries == 2


def test_the_last_attempt_is_made_whenever_the_one_before_was() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said)
    far.away = True
    box.send(far.take(1))
    far.away = False
    box.close()
    assert far.got == [1]
    assert box.lost == 0


def test_what_cannot_be_sent_in_the_end_is_counted() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said)
    far.away = True
    box.send(far.take(1))
    box.send(far.take(2))
    box.close()
    assert far.got == []
    assert box.lost == 2


def test_when_too_much_waits_only_what_is_dispensable_is_given_up() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said, most=3)
    far.away = True
    for number in range(5):
        box.send(far.take(number), dispensable=True)
    box.send(far.take(5))
    far.away = False
    box.close()
    assert far.got == [0, 1, 2, 5]
    assert box.lost == 2


def test_what_is_refused_is_told_of_and_does_not_hold_up_the_rest() -> None:
    far, said = Receiver(), list[str]()
    box = outbox(far, said)
    for number in (1, -1, -2, 2):
        box.send(far.take(number))
    assert far.got == [1, 2]
    assert box.lost == 2
    assert said == ["The tracking store refused what it was sent: a negative number"]

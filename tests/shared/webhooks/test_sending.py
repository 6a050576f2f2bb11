"""What a receiver's answer is taken for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from shared.outgoing.client import Outgoing
from shared.outgoing.rules import OutgoingRules, networks_in
from shared.webhooks.outcomes import Came
from shared.webhooks.sending import RESPONSE_BYTES, seconds_of, send
from shared.webhooks.signing import new_secret
from tests.support.receiver import receiver
from tests.support.web import Answer, reply


def came(answer: Answer) -> Came:
    with receiver(hook=answer) as where:
        rules = OutgoingRules(networks_in("127.0.0.0/8"), allow_http=True, ports=frozenset({where.port}))
        return send(Outgoing(rules, 15), where.url("/hook"), "an id", "{}", [new_secret()])


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (b"thanks, \xc3\xa9t\xc3\xa9", "thanks, été"),
        (b"two\nlines\tof it", "two\nlines\tof it"),
        (b"\0\x1b[31mred\xff", "��[31mred�"),
        (b"", ""),
        (b"x" * 2000, "x" * RESPONSE_BYTES),
    ],
    ids=["text", "lines", "control characters", "nothing", "long"],
)
def test_the_start_of_an_answer_is_kept_as_text(answer: bytes, kept: str) -> None:
    assert came(reply(answer)).response == kept


def test_an_answer_may_ask_for_time() -> None:
    assert came(reply(b"", "503 Busy", "Retry-After: 120")).retry_after == 120


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (lambda: None, None),
        (lambda: "0", 0),
        (lambda: " 120 ", 120),
        (lambda: "9" * 5000, 999_999_999),
        (in_an_hour, 3600),
        (lambda: in_an_hour().replace("GMT", "-0000"), 3600),
        (lambda: "Thu, 01 Jan 1970 00:00:00 GMT", 0),
        (lambda: "-5", None),
        (lambda: "1.5", None),
        (lambda: "１２", None),
        (lambda: "soon", None),
        (lambda: "", None),
        (lambda: "Thu, 99 Jan 1970 00:00:00 GMT", None),
        (lambda: "Thu, 01 Jan 99999 00:00:00 GMT", None),
        (lambda: "Thu, 01 Jan 2099 00:00:00 +99999999", None),
    ],
)
def test_a_time_to_come_back_at_is_a_number_of_seconds_or_a_date(
    written: Callable[[], str | None], seconds: float | None
) -> None:
    assert seconds_of(written()) == (None if seconds is None else pytest.approx(seconds, abs=60))

"""The delivery loop in this process: a real database, and a real receiver on loopback."""

import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from shared.database import Database
from shared.erasure import delete_job
from shared.identifiers import now
from shared.lifecycle import DeliveryState
from shared.outgoing.client import Outgoing
from shared.outgoing.rules import OutgoingRules, networks_in
from shared.tables import WebhookEndpoint, WebhookEvent
from shared.webhooks.claim import FOR_ONE
from shared.webhooks.endpoints import rotate_secret
from tests.support.ledger import TITLE, accept
from tests.support.receiver import GONE, Receiver, busy, failing, receiver, redirect
from tests.support.waiting import wait_for
from tests.support.web import hold, reply
from tests.support.webhooks import deliveries, endpoint, let_time_pass, listen, take
from tests.support.work import do_work
from worker.delivery_book import DeliveryBook
from worker.delivery_loop import OURS, DeliveryLoop
from worker.metrics import WorkerMetrics
from worker.stall import StallGuard

DELAYS = (0.0, 0.05, 0.05)
LEASE = timedelta(seconds=30)
BROKEN = reply(b"not now", "500 Internal Server Error")


@pytest.fixture
def where() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


class MakeLoop:
    """Makes loops that may call the receiver."""

    def __init__(self, database: Database, where: Receiver) -> None:
        self._database = database
        self._rules = OutgoingRules(networks_in("127.0.0.0/8"), allow_http=True, ports=frozenset({where.port}))
        self._ssl_context = ssl.create_default_context()

    def __call__(
        self, delays: tuple[float, ...] = DELAYS, seconds: float = 15, lease: timedelta = LEASE
    ) -> DeliveryLoop:
        outgoing = Outgoing(self._rules, seconds, ssl_context=self._ssl_context)
        book = DeliveryBook(self._database, delays, lease, WorkerMetrics())
        return DeliveryLoop(book, outgoing, StallGuard(60), stop_seconds=0.1)

    @contextmanager
    def working(self, **options: float) -> Iterator[DeliveryLoop]:
        """A loop that works beside the test."""
        loop = self(**options)  # type: ignore[arg-type]
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(loop.work)
            try:
                yield loop
            finally:
                loop.stop()
                working.result(30)


@pytest.fixture
def make_loop(database: Database, where: Receiver) -> MakeLoop:
    return MakeLoop(database, where)


def happen(database: Database, owner: str, times: int = 1) -> list[str]:
    """So many jobs of one product end; returns their ids."""
    jobs = accept(database, owner, *[TITLE] * times)
    do_work(database)
    return jobs


def work_until(loop: DeliveryLoop, condition: Callable[[], bool], what: str) -> None:
    """Have the loop work whenever something is due."""

    def worked() -> bool:
        loop.work()
        return condition()

    wait_for(worked, 20, what)


def states(database: Database, endpoint_id: str) -> list[DeliveryState]:
    return [delivery.state for delivery in deliveries(database, endpoint_id)]


def test_who_listens_is_told_what_has_happened(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    listening = listen(database, owner, where.url("/hook?of=mine"))
    (job_id,) = happen(database, owner)

    make_loop().work()

    (received,) = where.at("/hook?of=mine")
    assert received.headers["content-type"] == "application/json"
    assert (received.event["type"], received.event["data"]["id"]) == ("job.succeeded", job_id)
    assert received.event["data"]["prediction"]["category"]["code"] == 2582
    (delivery,) = deliveries(database, listening)
    assert (delivery.state, delivery.event_id) == (DeliveryState.DELIVERED, received.id)
    assert [(each.status, each.response, each.error) for each in delivery.attempts] == [(200, "thanks", None)]


def test_what_is_sent_is_signed_with_the_endpoints_secret(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    secret = endpoint(database, listen(database, owner, where.url("/hook"))).secret
    happen(database, owner)

    make_loop().work()

    (received,) = where.received
    Webhook(secret).verify(received.body, dict(received.headers))


def test_after_a_rotation_both_secrets_sign(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    before = endpoint(database, listen(database, owner, where.url("/hook")))
    with database.begin() as connection:
        after = rotate_secret(connection, before.id)
    happen(database, owner)

    make_loop().work()

    (received,) = where.received
    for secret in (before.secret, after.secret):
        Webhook(secret).verify(received.body, dict(received.headers))


def test_every_try_sends_the_same_bytes_under_the_same_id(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = failing(2)
    secret = endpoint(database, listening := listen(database, owner, where.url("/hook"))).secret
    happen(database, owner)

    work_until(make_loop(), lambda: states(database, listening) == [DeliveryState.DELIVERED], "the third try")

    assert len(where.received) == 3
    assert len({(each.id, each.body) for each in where.received}) == 1
    for each in where.received:
        Webhook(secret).verify(each.body, dict(each.headers))


def test_all_endpoints_get_the_same_bytes_under_the_same_id(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    for number in range(5):
        listen(database, owner, where.url(f"/{number}"))
    happen(database, owner)

    make_loop().work()

    assert {each.path for each in where.received} == {f"/{number}" for number in range(5)}
    assert len({(each.id, each.body) for each in where.received}) == 1


def test_after_its_last_try_a_delivery_is_dead_and_every_try_is_in_the_book(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = BROKEN
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner)

    work_until(make_loop(), lambda: states(database, listening) == [DeliveryState.DEAD], "the end of all tries")

    (delivery,) = deliveries(database, listening)
    assert [(each.status, each.response) for each in delivery.attempts] == [(500, "not now")] * len(DELAYS)
    assert len(where.received) == len(DELAYS)


@pytest.mark.parametrize("answer", ["hang", "drip", "nobody", "redirect"])
def test_what_is_no_answer_of_success_is_a_failed_try(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver, answer: str
) -> None:
    where.answers |= {"/hang": where.hang, "/drip": where.drip, "/redirect": redirect(where.url("/inside"))}
    with receiver() as gone:
        pass
    target = gone.url() if answer == "nobody" else where.url(f"/{answer}")
    listening = listen(database, owner, target)
    happen(database, owner)

    make_loop((0.0, 3600.0), seconds=0.5).work()

    (delivery,) = deliveries(database, listening)
    (attempt,) = delivery.attempts
    assert delivery.state == DeliveryState.PENDING
    assert attempt.status == (302 if answer == "redirect" else None)
    assert (attempt.error is None) == (answer == "redirect")
    assert where.at("/inside") == []


def test_a_receiver_gets_the_time_that_it_asks_for(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = busy(3600)
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner)

    make_loop().work()

    (delivery,) = deliveries(database, listening)
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at > now() + timedelta(minutes=59)


def test_a_receiver_that_is_gone_is_told_nothing_more(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = GONE
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner)
    make_loop().work()
    happen(database, owner)

    make_loop().work()

    assert len(where.received) == 1
    found = endpoint(database, listening)
    assert not found.active
    assert "410" in str(found.disabled_reason)


def test_three_deaths_in_a_row_disable_an_endpoint_and_say_why(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = BROKEN
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner, 3)

    with capture_logs() as logs:
        work_until(make_loop(), lambda: not endpoint(database, listening).active, "the endpoint disabled")

    assert "3 deliveries in a row died" in str(endpoint(database, listening).disabled_reason)
    assert "status 500" in str(endpoint(database, listening).disabled_reason)
    assert [line["endpoint"] for line in logs if line["event"] == "webhook.disabled"] == [listening]


def test_four_go_to_an_endpoint_at_once_and_others_do_not_wait_for_them(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    answered = threading.Event()
    where.answers["/slow"] = hold(answered, reply())
    slow = listen(database, owner, where.url("/slow"))
    happen(database, owner, FOR_ONE + 2)

    with make_loop.working() as loop:
        wait_for(lambda: len(where.at("/slow")) == FOR_ONE, 10, "four on their way")
        listen(database, owner, where.url("/good"))
        happen(database, owner)
        loop.look()
        wait_for(lambda: where.at("/good"), 10, "another endpoint told")
        assert len(where.at("/slow")) == FOR_ONE
        answered.set()
        wait_for(lambda: states(database, slow) == [DeliveryState.DELIVERED] * (FOR_ONE + 3), 10, "all told")


def test_a_loop_told_to_stop_gives_back_what_takes_long_at_no_cost(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = where.hang
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner)

    with make_loop.working():
        wait_for(lambda: where.received, 10, "a try")

    (again,) = take(database)
    assert (again.endpoint_id, again.attempt, again.tries) == (listening, 2, 1)


def test_a_loop_told_to_stop_claims_nothing_more(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    listen(database, owner, where.url("/hook"))
    happen(database, owner)
    loop = make_loop()
    loop.stop()

    loop.work()

    assert where.received == []


def test_a_loop_that_comes_too_late_writes_nothing(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    answered = threading.Event()
    where.answers["/hook"] = hold(answered, reply())
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner)

    with capture_logs() as logs, make_loop.working():
        wait_for(lambda: where.received, 10, "a try")
        with database.begin() as connection:
            let_time_pass(connection, 60)
        (others,) = take(database)
        answered.set()
        wait_for(lambda: "webhook.lost" in [line["event"] for line in logs], 10, "the late answer")

    (delivery,) = deliveries(database, listening)
    assert (delivery.state, delivery.attempts, others.attempt) == (DeliveryState.PENDING, [], 2)


def test_a_try_is_booked_once_the_database_takes_it_again(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    answered = threading.Event()
    where.answers["/hook"] = hold(answered, reply())
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner)

    with capture_logs() as logs, make_loop.working():
        wait_for(lambda: where.received, 10, "a try")
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE webhook_attempts RENAME TO away"))
        answered.set()
        wait_for(lambda: "webhook.not_booked" in [line["event"] for line in logs], 10, "a write that failed")
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO webhook_attempts"))
        wait_for(lambda: states(database, listening) == [DeliveryState.DELIVERED], 10, "the try booked")

    assert len(where.received) == 1


def test_a_fault_of_ours_is_a_failed_try_and_says_no_more_than_that(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    broken, good = (listen(database, owner, where.url(path)) for path in ("/broken", "/good"))
    with database.begin() as connection:
        connection.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == broken).values(secret="whsec_?"))
    happen(database, owner)

    with capture_logs() as logs:
        make_loop((0.0, 3600.0)).work()

    (delivery,) = deliveries(database, broken)
    assert [each.error for each in delivery.attempts] == [OURS]
    assert [line["endpoint"] for line in logs if line["event"] == "webhook.not_sent"] == [broken]
    assert states(database, good) == [DeliveryState.DELIVERED]


def test_an_event_that_cannot_be_put_into_words_is_a_failed_try_and_holds_no_other_up(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    listening = listen(database, owner, where.url("/hook"))
    happen(database, owner, 2)
    with database.begin() as connection:
        event_id = connection.scalar(select(WebhookEvent.id).limit(1))
        connection.execute(update(WebhookEvent).where(WebhookEvent.id == event_id).values(type="job.unheard"))

    make_loop((0.0, 3600.0)).work()

    found = {each.event_id: each for each in deliveries(database, listening)}
    assert [each.error for each in found.pop(str(event_id)).attempts] == [OURS]
    assert [each.state for each in found.values()] == [DeliveryState.DELIVERED]


@pytest.mark.parametrize("tries", [0, 1])
def test_nobody_is_told_of_a_job_that_has_been_deleted(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver, tries: int
) -> None:
    where.answers["/hook"] = BROKEN
    listening = listen(database, owner, where.url("/hook"))
    (job_id,) = happen(database, owner)
    for _ in range(tries):
        make_loop().work()
    with database.begin() as connection:
        delete_job(connection, job_id, owner)
        let_time_pass(connection, 60)

    make_loop().work()

    assert len(where.received) == tries
    assert states(database, listening) == [DeliveryState.DEAD]


def test_a_try_that_outlives_its_lease_is_no_progress(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = where.hang
    listen(database, owner, where.url("/hook"))
    happen(database, owner)

    with make_loop.working(lease=timedelta(seconds=0.2)) as loop:
        wait_for(lambda: len(where.received) > 1, 10, "the same again")
        advances = loop.guard.advances
        wait_for(lambda: len(where.received) > 2, 10, "and again")

        assert loop.guard.advances == advances


def test_no_transaction_is_open_while_somebody_is_called(
    make_loop: MakeLoop, database: Database, owner: str, where: Receiver
) -> None:
    where.answers["/hook"] = where.hang
    listen(database, owner, where.url("/hook"))
    happen(database, owner)

    with make_loop.working():
        wait_for(lambda: where.received, 10, "a try")

        with ThreadPoolExecutor(1) as somebody:  # the receiver hangs for longer than this waits
            assert somebody.submit(database.is_writable).result(timeout=5)

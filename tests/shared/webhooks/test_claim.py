"""Which deliveries are taken, and how many of each endpoint."""

from datetime import timedelta

from shared.database import Database
from shared.webhooks.claim import FOR_ONE, FOR_OWNER, anything_due, claim_due
from shared.webhooks.endpoints import delete_endpoint, rotate_secret
from shared.webhooks.outcomes import give_back
from tests.conftest import add_owner, only_on_postgresql
from tests.support.ledger import TITLE, accept
from tests.support.webhooks import LEASE, answered, book, deliveries, endpoint, let_time_pass, listen, take
from tests.support.work import do_work


def happen(database: Database, owner: str, times: int = 1) -> None:
    """So many jobs of one product end."""
    accept(database, owner, *[TITLE] * times)
    do_work(database)


def test_a_delivery_in_hand_says_what_to_send_and_where(database: Database, owner: str) -> None:
    listening = endpoint(database, listen(database, owner))
    happen(database, owner)

    (due,) = take(database)

    assert (due.url, due.keys, due.event_type, due.attempt, due.tries) == (
        listening.url,
        (listening.secret,),
        "job.succeeded",
        1,
        1,
    )


def test_what_is_in_hand_is_not_taken_again(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner)
    take(database)

    assert take(database) == []


def test_what_a_dead_worker_had_in_hand_is_taken_again_under_another_number(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner)
    (first,) = take(database, lease=timedelta(0))

    (second,) = take(database)

    assert (second.delivery_id, second.attempt) == (first.delivery_id, first.attempt + 1)


def test_at_most_four_go_to_one_endpoint_at_once(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner, 10)

    assert len(take(database)) == 4
    assert take(database) == []


def test_a_flood_to_one_endpoint_holds_nobody_else_up(database: Database, owner: str) -> None:
    listen(database, owner, events=("job.succeeded",))
    happen(database, owner, 20)
    second = listen(database, owner, "https://shop.example/second")
    happen(database, owner)

    assert second in {due.endpoint_id for due in take(database, places=5)}


def test_one_goes_at_a_time_to_an_endpoint_that_failed_last_time(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner, 10)
    for due in take(database):
        book(database, due, answered(500))

    assert len(take(database)) == 1


def test_endpoints_that_fail_have_their_own_share_of_the_places(database: Database, owner: str) -> None:
    failing = [listen(database, owner, f"https://shop.example/failing/{number}") for number in range(4)]
    happen(database, owner, 2)
    for due in take(database):
        book(database, due, answered(500))
    good = listen(database, owner, "https://shop.example/good")
    with database.begin() as connection:
        let_time_pass(connection, 10)
    happen(database, owner)

    taken = [due.endpoint_id for due in take(database, places=8, failing=2)]

    assert len([each for each in taken if each in failing]) == 2
    assert good in taken


def test_endpoints_that_may_have_no_more_do_not_keep_others_from_being_seen(database: Database, owner: str) -> None:
    for number in range(4):
        listen(database, owner, f"https://shop.example/failing/{number}")
    happen(database, owner, 2)
    for due in take(database):
        book(database, due, answered(500))
    with database.begin() as connection:
        let_time_pass(connection, 10)
    good = listen(database, owner, "https://shop.example/good")
    happen(database, owner)

    assert [due.endpoint_id for due in take(database, places=2, failing=0)] == [good]


def test_many_endpoints_of_one_account_leave_places_for_anothers(database: Database, owner: str) -> None:
    for number in range(FOR_OWNER // FOR_ONE + 1):
        listen(database, owner, f"https://shop.example/{number}")
    happen(database, owner, FOR_ONE)
    other = add_owner(database, "other")
    theirs = listen(database, other)
    happen(database, other)

    taken = [due.endpoint_id for due in take(database, places=2 * FOR_OWNER)]

    assert len(taken) == FOR_OWNER + 1
    assert theirs in taken


def test_a_place_goes_to_the_account_that_has_the_fewest(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner, 3)
    take(database, places=1)
    other = add_owner(database, "other")
    theirs = listen(database, other)
    happen(database, other)

    assert [due.endpoint_id for due in take(database, places=1)] == [theirs]


def test_no_more_are_taken_than_there_are_places(database: Database, owner: str) -> None:
    for number in range(3):
        listen(database, owner, f"https://shop.example/{number}")
    happen(database, owner, 4)

    assert len(take(database, places=5)) == 5


def test_nothing_is_due_before_its_time(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner)
    (due,) = take(database)
    book(database, due, answered(503))

    with database.read() as connection:
        assert not anything_due(connection)
    with database.begin() as connection:
        let_time_pass(connection, 6)
    with database.read() as connection:
        assert anything_due(connection)


def test_what_is_given_back_costs_no_try(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner)
    (due,) = take(database)
    with database.begin() as connection:
        give_back(connection, [due])

    (again,) = take(database)

    assert (again.attempt, again.tries) == (2, 1)


def test_both_secrets_sign_after_a_rotation(database: Database, owner: str) -> None:
    before = endpoint(database, listen(database, owner))
    with database.begin() as connection:
        after = rotate_secret(connection, before.id)
    happen(database, owner)

    (due,) = take(database)

    assert due.keys == (after.secret, before.secret)


def test_what_waits_for_a_deleted_endpoint_is_not_taken(database: Database, owner: str) -> None:
    gone = listen(database, owner)
    happen(database, owner)
    with database.begin() as connection:
        delete_endpoint(connection, gone)

    assert take(database) == []
    assert len(deliveries(database, gone)) == 1


@only_on_postgresql
def test_two_workers_that_claim_at_once_do_not_go_past_the_four(database: Database, owner: str) -> None:
    listen(database, owner)
    happen(database, owner, 10)

    with database.begin() as one, database.begin() as another:
        first = claim_due(one, 3, 3, LEASE)
        second = claim_due(another, 3, 3, LEASE)

    assert (len(first), len(second)) == (3, 0)
    assert len(take(database)) == 1

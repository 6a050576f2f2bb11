from sqlalchemy import select

from shared.database import Database
from shared.lanes import Lane
from shared.ledger.claim import Claim
from shared.ledger.failure import TRIES, give_back
from shared.tables import Batch, Prediction
from tests.support.ledger import TITLE, accept, accept_catalogue, finish_all, job_row, lose, rows_of, take

POISON = "poison"


def work_off(database: Database, lane: Lane) -> int:
    """Work the lane until it is empty, with a model that fails wherever the poison is; returns its calls."""
    calls = 0
    while claims := take(database, lane):
        calls += 1
        if any(row.designation == POISON for row in rows_of(database, claims)):
            lose(database, claims)
        else:
            finish_all(database, claims)
    return calls


def errors(database: Database) -> list[tuple[int, str]]:
    with database.read() as connection:
        found = connection.execute(
            select(Prediction.row, Prediction.error).where(Prediction.error.is_not(None)).order_by(Prediction.row)
        )
        return [(row, error["code"]) for row, error in found if error]


def test_one_killer_in_a_batch_of_a_thousand_costs_only_its_own_row(database: Database, owner: str) -> None:
    titles = ["title"] * 1024
    titles[700] = POISON
    job_id = accept_catalogue(database, owner, *titles)

    calls = work_off(database, Lane.BULK)

    job = job_row(database, job_id)
    assert (job.status, job.succeeded, job.failed) == ("partially_succeeded", 1023, 1)
    assert errors(database) == [(700, "PREDICTION_FAILED")]
    assert calls <= 2 * 10 + TRIES + 1


def test_one_killer_among_products_claimed_together_costs_only_itself(database: Database, owner: str) -> None:
    products = [TITLE] * 64
    jobs = accept(database, owner, *products[:32], type(TITLE)(designation=POISON), *products[33:])

    work_off(database, Lane.INTERACTIVE)

    statuses = [job_row(database, job_id).status for job_id in jobs]
    assert statuses.count("succeeded") == 63
    assert statuses[32] == "failed"


def test_a_row_alone_is_tried_three_times(database: Database, owner: str) -> None:
    accept(database, owner, type(TITLE)(designation=POISON))

    assert work_off(database, Lane.INTERACTIVE) == TRIES == 3


def test_a_batch_is_halved_at_its_first_failure(database: Database, owner: str) -> None:
    accept_catalogue(database, owner, "a", "b", "c", "d", "e")

    lose(database, take(database, Lane.BULK))

    with database.read() as connection:
        halves = connection.execute(
            select(Batch.rows, Batch.failures, Batch.state, Batch.turn).order_by(Batch.id)
        ).all()
        placed = connection.scalars(select(Prediction.batch_id).order_by(Prediction.row)).all()
    assert [tuple(half) for half in halves] == [(2, 1, "queued", 1), (3, 1, "queued", 2)]
    assert len(set(placed[:2])) == 1
    assert len(set(placed[2:])) == 1


def test_what_has_failed_waits_until_its_owners_other_work_is_done(database: Database, owner: str) -> None:
    accept(database, owner, type(TITLE)(designation=POISON))
    lose(database, take(database))
    later = accept(database, owner, TITLE, TITLE)
    lose(database, take(database))

    claimed = [held.job_id for held in take(database)]

    assert sorted(claimed) == sorted(later)


def test_giving_back_costs_nothing_and_the_fence_still_grows(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    claims = take(database)

    with database.begin() as connection:
        give_back(connection, claims)

    (again,) = take(database)
    assert again == Claim(claims[0].batch_id, claims[0].job_id, attempt=2, rows=1)
    with database.read() as connection:
        assert connection.scalars(select(Batch.failures)).one() == 0


def test_a_failure_that_was_booked_already_is_not_booked_twice(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    claims = take(database)

    lose(database, claims)
    lose(database, claims)

    with database.read() as connection:
        assert connection.scalars(select(Batch.failures)).one() == 1

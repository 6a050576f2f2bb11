"""What a receiver gets to read."""

import json

from shared.answers.names import CategoryNames
from shared.database import Database
from shared.jobs import job_by_id
from shared.webhooks.bodies import kept_body, written_body
from shared.webhooks.claim import Due
from tests.support.ledger import TITLE, accept
from tests.support.webhooks import listen, take
from tests.support.work import do_work


def told(database: Database, owner: str) -> Due:
    listen(database, owner)
    accept(database, owner, TITLE)
    do_work(database)
    return take(database)[0]


def test_it_says_what_happened_when_and_to_which_job(database: Database, owner: str) -> None:
    due = told(database, owner)

    with database.read() as connection:
        body = json.loads(written_body(connection, CategoryNames(), due, job_by_id(connection, due.job_id)))

    assert (body["type"], body["data"]["id"], body["data"]["status"]) == ("job.succeeded", due.job_id, "succeeded")
    assert body["data"]["prediction"]["category"]["code"] == 2582
    assert body["timestamp"].endswith("Z")


def test_the_first_that_is_kept_holds(database: Database, owner: str) -> None:
    due = told(database, owner)

    with database.begin() as connection:
        assert kept_body(connection, due.event_id, '{"first": true}') == '{"first": true}'
        assert kept_body(connection, due.event_id, '{"second": true}') == '{"first": true}'

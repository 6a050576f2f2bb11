"""What `shelfwise doctor` says of webhooks."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from cli.checks.findings import Patient, findings_of
from cli.checks.webhooks import check_webhooks
from shared.database import Database
from shared.identifiers import now
from shared.settings import load_settings
from shared.tables import WebhookDelivery
from shared.webhooks.endpoints import EndpointChanges, change_endpoint, delete_endpoint
from tests.support.ledger import TITLE, accept
from tests.support.webhooks import answered, book, listen, take
from tests.support.work import do_work

WELL = ("ok", "None is disabled, has died within 24 h, or waits for a worker.")


@pytest.fixture
def patient(database: Database, tmp_path: Path) -> Patient:
    url = database.engine.url.render_as_string(hide_password=False)
    return Patient(load_settings(data_dir=tmp_path / "data", database_url=url), running=False, deep=False)


@pytest.fixture
def endpoint_id(database: Database, owner: str) -> str:
    """An endpoint with one delivery that is due."""
    listening = listen(database, owner)
    accept(database, owner, TITLE)
    do_work(database)
    return listening


def found(patient: Patient) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.sentence) for finding in findings_of(check_webhooks, patient)]


def test_a_delivery_that_is_due_since_a_moment_is_well(patient: Patient, endpoint_id: str) -> None:
    assert found(patient) == [WELL]


def test_one_that_is_due_for_more_than_a_minute_is_worth_a_look(
    database: Database, patient: Patient, endpoint_id: str
) -> None:
    with database.begin() as connection:
        connection.execute(update(WebhookDelivery).values(next_attempt_at=now() - timedelta(minutes=2)))

    ((verdict, sentence),) = found(patient)

    assert verdict == "warn"
    assert sentence.startswith("1 deliveries are due for more than 60 s")


def test_what_waits_for_an_endpoint_that_is_paused_need_not_be_taken(
    database: Database, patient: Patient, endpoint_id: str
) -> None:
    with database.begin() as connection:
        connection.execute(update(WebhookDelivery).values(next_attempt_at=now() - timedelta(minutes=2)))
        change_endpoint(connection, endpoint_id, EndpointChanges(active=False))

    assert found(patient) == [WELL]


def test_a_disabled_endpoint_is_named_with_the_reason(database: Database, patient: Patient, endpoint_id: str) -> None:
    (due,) = take(database)
    book(database, due, answered(410))

    disabled, died = found(patient)

    assert disabled[0] == died[0] == "warn"
    assert disabled[1].startswith(f"{endpoint_id} is disabled (The receiver answered 410 Gone: ")
    assert died[1].startswith("1 deliveries to 1 endpoints have died within 24 h")


def test_a_delivery_that_died_days_ago_is_no_news(database: Database, patient: Patient, endpoint_id: str) -> None:
    (due,) = take(database)
    book(database, due, answered(410))
    with database.begin() as connection:
        connection.execute(update(WebhookDelivery).values(finished_at=now() - timedelta(days=2)))
        change_endpoint(connection, endpoint_id, EndpointChanges(active=True))

    assert found(patient) == [WELL]


def test_a_deleted_endpoint_is_nobodys_trouble(database: Database, patient: Patient, endpoint_id: str) -> None:
    (due,) = take(database)
    book(database, due, answered(410))
    with database.begin() as connection:
        delete_endpoint(connection, endpoint_id)

    assert found(patient) == [WELL]

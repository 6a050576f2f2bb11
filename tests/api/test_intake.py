"""The way in, on a real database: what is committed together stays apart where one of it is refused."""

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import event, func, select

from api.intake import Intake
from api.metrics import ApiMetrics
from shared.broker import make_celery
from shared.database import Database
from shared.errors import InvalidInput, QuotaFull, TooManyRequests, Unauthenticated, Unavailable
from shared.identifiers import new_id
from shared.images import keep_image
from shared.ledger.submission import Accepted, ProductInput
from shared.ringer import Ringer
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Job
from tests.conftest import RedisServer
from tests.support.webhooks import URL, listen

TITLE = ProductInput(designation="Chaise longue")


@pytest.fixture
def ringer(redis_server: RedisServer) -> Iterator[Ringer]:
    with closing(make_celery(redis_server.broker_url)) as celery, Ringer(celery) as ringer:
        yield ringer


def accept_together(intake: Intake, *submissions: tuple[Any, ...]) -> list[Accepted | BaseException]:
    async def run() -> list[Accepted | BaseException]:
        waiting = (intake.accept(*submission) for submission in submissions)
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(run())


def jobs(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(Job)) or 0


def test_a_photo_that_was_just_collected_spoils_nothing_for_others(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    gone = ProductInput(image="ab" * 32)

    with Intake(database, store, ringer, load_settings(data_dir=tmp_path), ApiMetrics()) as intake:
        good, bad, other = accept_together(
            intake, (owner, TITLE, None, None), (owner, gone, 5, None), (owner, TITLE, None, None)
        )

    assert isinstance(bad, Unavailable)
    assert isinstance(good, Accepted)
    assert isinstance(other, Accepted)
    assert jobs(database) == 2


def test_an_account_that_is_gone_spoils_nothing_for_others(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    with Intake(database, store, ringer, load_settings(data_dir=tmp_path), ApiMetrics()) as intake:
        good, bad = accept_together(intake, (owner, TITLE, None, None), (new_id(), TITLE, None, None))

    assert isinstance(bad, Unauthenticated)
    assert isinstance(good, Accepted)


def test_who_names_an_unknown_webhook_spoils_nothing_for_others(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    webhook = listen(database, owner, URL)
    unknown = (owner, TITLE, None, "the key", f"{URL}/other")

    with Intake(database, store, ringer, load_settings(data_dir=tmp_path), ApiMetrics()) as intake:
        good, bad, again, other = accept_together(
            intake, (owner, TITLE, None, None, URL), unknown, unknown, (owner, TITLE, None, None)
        )

    assert isinstance(bad, InvalidInput)
    assert isinstance(again, InvalidInput)
    assert isinstance(good, Accepted)
    assert isinstance(other, Accepted)
    with database.read() as connection:
        found = connection.execute(select(Job.id, Job.webhook_endpoint_id))
        named = {job_id: webhook_id for job_id, webhook_id in found}
    assert named == {good.job_id: webhook, other.job_id: None}


def test_who_names_no_webhook_has_none_looked_up(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    statements = list[str]()
    event.listen(database.engine, "before_cursor_execute", lambda *execution: statements.append(execution[2]))

    with Intake(database, store, ringer, load_settings(data_dir=tmp_path), ApiMetrics()) as intake:
        accept_together(intake, (owner, TITLE, None, "the key"))

    assert any("INSERT INTO jobs" in statement for statement in statements)
    assert [statement for statement in statements if "FROM webhook" in statement] == []


def test_a_quota_is_used_to_its_end_and_not_beyond(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    settings = load_settings(data_dir=tmp_path, quota_rows_per_day=3)

    with Intake(database, store, ringer, settings, ApiMetrics()) as intake:
        came_to = accept_together(intake, *[(owner, TITLE, None, None)] * 5)

    assert sum(isinstance(each, Accepted) for each in came_to) == jobs(database) == 3
    assert sum(isinstance(each, TooManyRequests) for each in came_to) == 2


def test_a_photo_is_charged_once_and_refused_when_it_is_too_much(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    photos = []
    for colour in ("red", "blue"):
        file = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(file, "BMP")  # as large as the other
        photos.append(keep_image(store, file))
    (red, size), (blue, _) = photos
    settings = load_settings(data_dir=tmp_path, quota_stored_bytes=size)

    with Intake(database, store, ringer, settings, ApiMetrics()) as intake:
        first, again = accept_together(intake, *[(owner, ProductInput(image=red), size, None)] * 2)
        (second,) = accept_together(intake, (owner, ProductInput(image=blue), size, None))

    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert isinstance(second, QuotaFull)


def test_two_processes_that_get_one_key_at_once_make_one_job(
    database: Database, store: ObjectStore, ringer: Ringer, owner: str, tmp_path: Path
) -> None:
    settings = load_settings(data_dir=tmp_path)
    keys = [new_id() for _ in range(20)]

    def process(_: int) -> list[Accepted | BaseException]:
        with Intake(database, store, ringer, settings, ApiMetrics()) as intake:
            return [accept_together(intake, (owner, TITLE, None, key))[0] for key in keys]

    with ThreadPoolExecutor(2) as pool:
        ones, others = pool.map(process, range(2))

    assert [getattr(one, "job_id", one) for one in ones] == [getattr(other, "job_id", other) for other in others]
    assert jobs(database) == len(keys)

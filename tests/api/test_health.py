"""Health: alive, and ready to accept work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from migrations.upgrade import upgrade
from shared.database import Database
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer


def test_a_migrated_service_is_live_and_ready(api: RunningApi) -> None:
    nobody = api.client()

    assert nobody.get("/health/live").json() == {"live": True}
    ready = nobody.get("/health/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["checks"] == {"database": True, "schema": True, "disk": True}


def test_another_schema_is_not_ready(shared_redis: RedisServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shared_redis.broker_url)
    upgrade(settings.database)
    database = Database(settings.database)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    database.close()

    with serve(settings) as api:
        ready = api.client().get("/health/ready")

    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "checks": {"database": True, "schema": False, "disk": True}}
    assert int(ready.headers["retry-after"]) > 0


def test_a_database_without_tables_is_live_and_not_ready(shared_redis: RedisServer, tmp_path: Path) -> None:
    with serve(settings_for(tmp_path, shared_redis.broker_url)) as api:
        nobody = api.client()

        assert nobody.get("/health/live").status_code == 200
        assert nobody.get("/health/ready").status_code == 503
        signing_in = nobody.post("/api/auth", data={"username": "ines", "password": "x"})
        assert_problem(signing_in, 503, "UNAVAILABLE")
        assert "retry-after" in signing_in.headers


@pytest.fixture
def full_disk(shared_redis: RedisServer, tmp_path: Path) -> Iterator[RunningApi]:
    settings = settings_for(tmp_path, shared_redis.broker_url, disk_reserve_bytes=2**60)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


def test_a_full_disk_accepts_nothing_and_says_so(full_disk: RunningApi) -> None:
    ready = full_disk.client().get("/health/ready")
    submitted = full_disk.somebody().post("/api/predict", json={"designation": "lampe"})

    assert (ready.status_code, ready.json()["checks"]["disk"]) == (503, False)
    assert_problem(submitted, 507, "STORAGE_FULL")

"""GET /api/monitor and its history, on both databases: what is there is shown, and an empty service is fine."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from shared.identifiers import new_id, now
from shared.lanes import Lane
from shared.releases import publish
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import HOUR, MINUTE, record, start_of
from shared.store import ObjectStore
from shared.tables import Batch
from shared.users import Role
from shared.workers import Worker, seen
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer
from tests.support.bundles import fake_bundle
from tests.support.ledger import accept_catalogue
from tests.support.waiting import wait_for


@pytest.fixture
def api(shared_redis: RedisServer, tmp_path: Path, database_url: str) -> Iterator[RunningApi]:
    """One for each test, on SQLite and on PostgreSQL, so that nobody else's work is counted."""
    settings = settings_for(tmp_path / "data", shared_redis.broker_url, database_url=database_url)
    with serve(settings) as running:
        yield running


def monitor(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/monitor").raise_for_status().json()
    return found


def history(client: httpx.Client, **asked: int) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/monitor/history", params=asked).raise_for_status().json()
    return found


def test_a_service_without_anything_has_its_monitor(client: httpx.Client) -> None:
    found = monitor(client)

    assert (found["bundle"], found["workers"], found["drift"]) == (None, [], None)
    assert [lane["lane"] for lane in found["lanes"]] == ["interactive", "bulk", "io"]
    assert found["recent"]["latency"] == {
        "products": 0,
        "p50_seconds": None,
        "p95_seconds": None,
        "p99_seconds": None,
    }
    assert found["accuracy"]["all"] == {"judged": 0, "right": 0, "share": None}
    assert found["disk"]["free_bytes"] > 0 < found["disk"]["database_bytes"]


def test_it_shows_who_works_with_what_and_how_much_was_done(api: RunningApi, tmp_path: Path) -> None:
    publish(api.database, ObjectStore(api.settings.store), fake_bundle(tmp_path / "bundle", "v1"), activated=True)
    worker = Worker(new_id(), "model", "shelf-1", 7, started_at=now(), device="cpu", bundle="v1")
    counts = Counts(answered=300, errors=3)
    counts.latency[60] = 300
    moment = now()
    with api.database.begin() as connection:
        seen(connection, worker)
        slots = [Slot(start_of(period, moment), period, "v1", Lane.INTERACTIVE) for period in (MINUTE, HOUR)]
        record(connection, worker.id, dict.fromkeys(slots, counts))

    found = monitor(api.somebody(Role.ADMIN))

    assert (found["bundle"]["version"], found["bundle"]["metrics"]["fused"]["accuracy"]) == ("v1", 0.5)
    (shown,) = found["workers"]
    assert (shown["id"], shown["host"], shown["state"], shown["bundle"]) == (worker.id, "shelf-1", "alive", "v1")
    assert found["lanes"][0]["workers"] == 1
    (interactive,) = [lane for lane in found["recent"]["lanes"] if lane["lane"] == "interactive"]
    assert (interactive["answered"], interactive["errors"]) == (300, 3)
    assert found["recent"]["latency"]["p50_seconds"] == pytest.approx(1.0, rel=0.12)
    assert {each["feature"] for each in found["drift"]["features"]} == {
        *("class_mix", "confidence", "unknown_tokens", "missing_images")
    }


def test_each_distribution_is_shown_beside_that_of_training(api: RunningApi, tmp_path: Path) -> None:
    publish(api.database, ObjectStore(api.settings.store), fake_bundle(tmp_path / "bundle", "v1"), activated=True)
    counts = Counts(codes=Counter({40: 3}), modalities=Counter({"text": 3}), confidence=Counter({9: 3}))
    with api.database.begin() as connection:
        record(connection, "worker", {Slot(start_of(HOUR, now()), HOUR, "v1", Lane.BULK): counts})

    features = monitor(api.somebody())["drift"]["features"]

    bins = {each["feature"]: each["bins"] for each in features}
    unbounded, uncategorised = {"low": None, "high": None}, {"category": None}
    category = {"code": 40, "name": "Jeux vidéo d'import", "name_en": "Imported video games"}
    assert bins["class_mix"] == [{"key": "40", "category": category, **unbounded, "rows": 3, "reference_share": None}]
    assert bins["confidence"][-1] == {
        **{"key": "0.9-1", "low": 0.9, "high": 1.0, "rows": 3, "reference_share": None},
        **uncategorised,
    }
    assert [(each["low"], each["high"]) for each in bins["unknown_tokens"]] == [
        *((0, 0), (0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 1))
    ]
    assert bins["missing_images"] == [
        {"key": "no_photo", **uncategorised, **unbounded, "rows": 3, "reference_share": 0},
        {"key": "photo", **uncategorised, **unbounded, "rows": 0, "reference_share": 1},
    ]


def test_it_says_which_categories_the_active_bundle_takes_for_which(api: RunningApi, tmp_path: Path) -> None:
    store, client = ObjectStore(api.settings.store), api.somebody()
    publish(api.database, store, fake_bundle(tmp_path / "before", "v1"), activated=True)
    assert monitor(client)["bundle"]["confusion"] is None

    counts = ((2, 1, *(0,) * 25), *((0,) * 27,) * 26)
    publish(api.database, store, fake_bundle(tmp_path / "now", "v2", counts), activated=True)
    bundle = wait_for(lambda: (found := monitor(client)["bundle"])["version"] == "v2" and found, 10, "the next look")

    assert bundle["confusion"]["counts"][0][:3] == [2, 1, 0]
    assert [each["code"] for each in bundle["confusion"]["categories"][:2]] == [10, 40]


def test_it_follows_the_queue(api: RunningApi, client: httpx.Client) -> None:
    def queued() -> int:
        return int(monitor(client)["lanes"][1]["queued_rows"])

    assert queued() == 0
    accept_catalogue(api.database, api.add_account().id, *["title"] * 70)
    wait_for(lambda: queued() == 70, 10, "a queue that is seen")

    with api.database.begin() as connection:
        connection.exec_driver_sql("UPDATE predictions SET batch_id = NULL")
        connection.execute(delete(Batch))
    wait_for(lambda: queued() == 0, 10, "a queue that is empty again")


def test_it_is_measured_once_for_all_who_ask_in_the_same_second(api: RunningApi) -> None:
    """However many watch: of a hundred requests in a row, as many are answered from one look as a second brings."""
    client = api.somebody()
    began = now()
    moments = {monitor(client)["at"] for _ in range(100)}

    assert len(moments) <= 2 + (now() - began) / timedelta(seconds=1)


def test_a_service_without_anything_has_an_empty_hour(client: httpx.Client) -> None:
    found = history(client)

    assert (found["seconds_per_point"], len(found["points"])) == (60, 60)
    assert found["since"] == found["points"][0]["start"]
    empty = {"answered": 0, "reused": 0, "errors": 0}
    for point in found["points"]:
        del point["start"]
        assert point == {
            "lanes": [{"lane": lane, **empty} for lane in ("interactive", "bulk")],
            "model": {"calls": 0, "rows": 0, "seconds": 0.0},
            "jobs_ended": 0,
            "latency": {"products": 0, "p50_seconds": None, "p95_seconds": None, "p99_seconds": None},
        }


@pytest.mark.parametrize(("hours", "seconds"), [(1, 60), (6, 360), (7, 600), (24, 1_800)])
def test_points_are_the_wider_the_more_hours_they_are_of(client: httpx.Client, hours: int, seconds: int) -> None:
    found = history(client, hours=hours)

    starts = [datetime.fromisoformat(point["start"]) for point in found["points"]]
    assert found["seconds_per_point"] == seconds
    assert len(starts) == hours * HOUR / seconds
    assert {start.timestamp() % seconds for start in starts} == {0}
    assert timedelta(0) <= datetime.fromisoformat(found["at"]) - starts[-1] < timedelta(seconds=seconds)


def test_what_was_done_is_in_its_point(api: RunningApi) -> None:
    counts = Counts(answered=300, reused=20, errors=3, calls=5, called_rows=280, called_seconds=1.5)
    counts.latency[60], counts.jobs["product succeeded"] = 4, 4
    minute = start_of(MINUTE, now() - timedelta(minutes=30))
    with api.database.begin() as connection:
        record(connection, "worker", {Slot(minute, MINUTE, "v1", Lane.INTERACTIVE): counts})

    points = history(api.somebody())["points"]

    (point,) = [each for each in points if each["jobs_ended"]]
    assert datetime.fromisoformat(point["start"]) == minute
    assert point["lanes"][0] == {"lane": "interactive", "answered": 300, "reused": 20, "errors": 3}
    assert point["model"] == {"calls": 5, "rows": 280, "seconds": 1.5}
    assert (point["jobs_ended"], point["latency"]["products"]) == (4, 4)
    assert point["latency"]["p50_seconds"] == pytest.approx(1.0, rel=0.12)


@pytest.mark.parametrize("hours", ["0", "25", "-1", "1.5", "1_0", " 2", "", "nan", "an hour"])
def test_other_hours_are_refused(client: httpx.Client, hours: str) -> None:
    problem = assert_problem(client.get("/api/monitor/history", params={"hours": hours}), 422, "VALIDATION")

    assert problem["errors"][0]["where"] == "query.hours"


def test_the_history_is_read_once_for_all_who_ask_for_as_many_hours(api: RunningApi) -> None:
    """A day's is kept for half a minute, and an hour's for a second; neither is taken for the other."""
    client = api.somebody()
    began = now()
    day, hour = ({history(client, hours=hours)["at"] for _ in range(50)} for hours in (24, 1))
    took = (now() - began) / timedelta(seconds=1)

    assert len(day) <= 2 + took / 30
    assert len(hour) <= 2 + took
    assert not day & hour

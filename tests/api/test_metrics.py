"""`GET /metrics`: who may read it, what is in it, and that a database that is away costs it little."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer
from tests.support.metrics import promtool, value_of

TOKEN = secrets.token_urlsafe(48)


def metrics(api: RunningApi) -> str:
    answer = api.client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return answer.text


def test_prometheus_own_tool_finds_nothing_to_complain_about(api: RunningApi, client: httpx.Client) -> None:
    client.post("/api/predict", json={"designation": "Chaise longue"}).raise_for_status()

    promtool("check", "metrics", text=metrics(api))


def test_requests_are_counted_by_the_template_of_their_path(api: RunningApi, client: httpx.Client) -> None:
    jobs = [client.post("/api/predict", json={"designation": "Chaise"}).json()["id"] for _ in range(2)]
    labels = {"method": "GET", "route": "/api/jobs/{id}", "status": "200"}
    before = value_of(metrics(api), "shelfwise_http_requests_total", **labels) or 0
    for job_id in jobs:
        client.get(f"/api/jobs/{job_id}").raise_for_status()

    text = metrics(api)

    assert value_of(text, "shelfwise_http_requests_total", **labels) == before + 2
    assert jobs[0] not in text
    duration = {"method": "GET", "route": "/api/jobs/{id}"}
    assert value_of(text, "shelfwise_http_request_duration_seconds_count", **duration) == before + 2


def test_what_no_route_has_seen_is_one_place_however_it_is_called(api: RunningApi, client: httpx.Client) -> None:
    client.get(f"/nowhere/{secrets.token_hex(8)}")
    client.request("PROPFIND", "/folder")

    text = metrics(api)

    assert value_of(text, "shelfwise_http_requests_total", method="GET", route="none", status="404")
    assert value_of(text, "shelfwise_http_requests_total", method="other", route="none", status="404")
    assert "nowhere" not in text
    assert "PROPFIND" not in text


def test_jobs_are_counted_when_they_are_accepted_and_when_they_are_canceled(
    api: RunningApi, client: httpx.Client
) -> None:
    def counted() -> tuple[float, ...]:
        text = metrics(api)
        wanted = (
            ("shelfwise_jobs_accepted_total", {"kind": "product"}),
            ("shelfwise_jobs_accepted_total", {"kind": "catalogue"}),
            ("shelfwise_jobs_ended_total", {"kind": "product", "status": "canceled"}),
        )
        return tuple(value_of(text, name, **labels) or 0 for name, labels in wanted)

    before = counted()
    key = {"Idempotency-Key": secrets.token_hex(8)}
    for _ in range(2):  # of which the second makes no new job
        job = client.post("/api/predict", json={"designation": "Chaise"}, headers=key).raise_for_status().json()
    client.post("/api/catalogs", content="designation\nChaise\n", headers={"Content-Type": "text/csv"})
    client.post(f"/api/jobs/{job['id']}/cancel").raise_for_status()

    assert [after - earlier for after, earlier in zip(counted(), before, strict=True)] == [1, 1, 1]


def test_what_waits_and_the_disk_are_read_when_somebody_asks(api: RunningApi, client: httpx.Client) -> None:
    before = value_of(metrics(api), "shelfwise_queue_rows", lane="interactive")
    assert before is not None
    client.post("/api/predict", json={"designation": "Chaise"}).raise_for_status()

    text = metrics(api)

    assert value_of(text, "shelfwise_queue_rows", lane="interactive") == before + 1
    assert (value_of(text, "shelfwise_queue_oldest_age_seconds", lane="interactive") or 0) > 0
    assert value_of(text, "shelfwise_workers_alive", kind="model") == 0
    assert value_of(text, "shelfwise_database_up") == 1
    assert value_of(text, "shelfwise_disk_free_bytes")
    assert value_of(text, "shelfwise_disk_reserve_bytes") == 0


@pytest.fixture
def hanging_database(shared_redis: RedisServer, tmp_path: Path) -> Iterator[RunningApi]:
    """A service whose PostgreSQL takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/shelfwise"
        with serve(settings_for(tmp_path, shared_redis.broker_url, database_url=url)) as running:
            yield running


def test_a_database_that_hangs_costs_a_scrape_its_own_metrics_only(hanging_database: RunningApi) -> None:
    text = metrics(hanging_database)

    assert value_of(text, "shelfwise_database_up") == 0
    assert value_of(text, "shelfwise_queue_rows", lane="bulk") is None
    assert value_of(text, "shelfwise_disk_free_bytes")
    promtool("check", "metrics", text=text)


@pytest.fixture(scope="module")
def guarded(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """A service behind a proxy on its own machine, with a token for metrics."""
    settings = settings_for(
        tmp_path_factory.mktemp("guarded"),
        shared_redis.broker_url,
        metrics_token=TOKEN,
        trusted_proxies="127.0.0.1",
        allowed_hosts="api.example.com",
    )
    with serve(settings) as running:
        yield running


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Host": "api.example.com"},
    ],
)
def test_who_comes_through_the_proxy_needs_the_token(guarded: RunningApi, headers: dict[str, str]) -> None:
    nobody = guarded.client()

    refused = nobody.get("/metrics", headers=headers)
    wrong = nobody.get("/metrics", headers=headers | {"Authorization": f"Bearer {TOKEN}x"})
    welcome = nobody.get("/metrics", headers=headers | {"Authorization": f"Bearer {TOKEN}"})

    for answer in (refused, wrong):
        assert_problem(answer, 401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert welcome.status_code == 200


def test_an_access_token_is_no_token_for_metrics(guarded: RunningApi) -> None:
    admin = guarded.client()

    answer = admin.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer a.b.c"})

    assert_problem(answer, 401, "UNAUTHENTICATED")

"""The metrics of a worker on a port of its own, over real HTTP."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shared.settings import load_settings
from tests.support.metrics import promtool, scraped, value_of
from tests.support.ports import free_port
from tests.support.waiting import wait_for
from worker.metrics import WorkerMetrics
from worker.metrics_server import MetricsServer

TOKEN = secrets.token_urlsafe(48)


@pytest.fixture
def port() -> int:
    return free_port()


@contextmanager
def served(folder: Path, port: int, metrics: WorkerMetrics) -> Iterator[str]:
    settings = load_settings(data_dir=folder, metrics_port=port, metrics_token=TOKEN)
    with MetricsServer(settings, metrics.registry, again_seconds=0.02):
        yield f"http://127.0.0.1:{port}/metrics"


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_what_was_counted_is_served_as_prometheus_wants_it(tmp_path: Path, port: int) -> None:
    metrics = WorkerMetrics()
    metrics.called("bulk", 64, 0.3)
    metrics.tried("delivered", 0.02)
    metrics.ring_failed("bulk")
    with served(tmp_path, port, metrics) as url:
        wait_for(lambda: answers(url), 10, "metrics")
        text = scraped(url)

    assert value_of(text, "shelfwise_model_call_rows_sum", lane="bulk") == 64
    assert value_of(text, "shelfwise_webhook_tries_total", outcome="delivered") == 1
    assert value_of(text, "shelfwise_ring_failures_total", queue="bulk") == 1
    assert value_of(text, "process_resident_memory_bytes")
    promtool("check", "metrics", text=text)


def test_a_port_that_is_used_is_served_on_once_it_is_free(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as taken, served(tmp_path, port, WorkerMetrics()) as url:
        taken.close()

        wait_for(lambda: answers(url), 10, "metrics")


def test_a_successor_takes_over(tmp_path: Path, port: int) -> None:
    first, second = WorkerMetrics(), WorkerMetrics()
    second.ring_failed("io")
    with served(tmp_path, port, first) as url:
        wait_for(lambda: answers(url), 10, "metrics")
        successor = served(tmp_path, port, second)
        successor.__enter__()
    try:
        wait_for(lambda: answers(url), 10, "the successor's metrics")
        assert value_of(scraped(url), "shelfwise_ring_failures_total", queue="io") == 1
    finally:
        successor.__exit__(None, None, None)


def test_a_process_ends_that_never_had_its_port(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), served(tmp_path, port, WorkerMetrics()):
        pass  # and the end is reached


def test_port_0_is_nowhere(tmp_path: Path) -> None:
    with served(tmp_path, 0, WorkerMetrics()):
        pass


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.9"}, {"Host": "worker.example.com"}])
def test_strangers_are_refused_and_the_bearer_of_the_token_is_not(
    tmp_path: Path, port: int, headers: dict[str, str]
) -> None:
    with served(tmp_path, port, WorkerMetrics()) as url:
        wait_for(lambda: answers(url), 10, "metrics")
        refused = httpx.get(url, headers=headers, trust_env=False)
        welcome = httpx.get(url, headers=headers | {"Authorization": f"Bearer {TOKEN}"}, trust_env=False)

    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "shelfwise_" not in refused.text
    assert welcome.status_code == 200


def test_nothing_is_at_other_addresses(tmp_path: Path, port: int) -> None:
    with served(tmp_path, port, WorkerMetrics()) as url:
        wait_for(lambda: answers(url), 10, "metrics")
        elsewhere = httpx.get(url.replace("/metrics", "/"), trust_env=False)

    assert elsewhere.status_code == 404


def test_clients_that_say_nothing_keep_nobody_out_for_long(tmp_path: Path, port: int) -> None:
    with served(tmp_path, port, WorkerMetrics()) as url:
        wait_for(lambda: answers(url), 10, "metrics")
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        try:
            wait_for(lambda: answers(url), 30, "metrics beside clients that say nothing")
        finally:
            for each in silent:
                each.close()

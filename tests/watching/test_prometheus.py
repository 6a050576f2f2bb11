"""A real Prometheus with the configuration that is shipped, on a real service."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.metrics import promtool, require_prometheus, scraped, value_of
from tests.support.ports import free_port
from tests.support.service import ROOT, ended, submit
from tests.support.waiting import wait_for
from tests.watching.conftest import Watched

SHIPPED = ROOT / "deploy" / "prometheus"
ALERTS = {"ShelfwiseDown", "ShelfwiseErrors", "ShelfwiseNoWorker", "ShelfwiseProductsWait", "ShelfwiseDiskLow"}


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self.log = log

    def get(self, path: str, **query: str) -> Any:
        answer = httpx.get(f"{self._url}/api/v1/{path}", params=query, timeout=30, trust_env=False)
        return answer.raise_for_status().json()["data"]

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self._url}/-/ready", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def values(self, query: str) -> list[float]:
        """The values that a query has now."""
        return [float(sample["value"][1]) for sample in self.get("query", query=query)["result"]]


@pytest.fixture(scope="module")
def prometheus(watched: Watched, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus as it is shipped, but for the ports, and looking every second."""
    program, folder, port = require_prometheus("prometheus"), tmp_path_factory.mktemp("prometheus"), free_port()
    configuration = (SHIPPED / "prometheus.yml").read_text().replace("scrape_interval: 15s", "scrape_interval: 1s")
    configuration = configuration.replace("scrape_timeout: 10s", "scrape_timeout: 1s")
    for shipped, process in (("127.0.0.1:8000", "api"), ("127.0.0.1:9810", "io"), ("127.0.0.1:9811", "model")):
        assert shipped in configuration
        configuration = configuration.replace(shipped, httpx.URL(watched.metrics[process]).netloc.decode())
    (folder / "prometheus.yml").write_text(configuration)
    shutil.copy(SHIPPED / "alerts.yml", folder)
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, cwd=folder)
        try:
            running = Prometheus(f"http://127.0.0.1:{port}", log)
            wait_for(lambda: running.is_up() or process.poll() is not None, 60, "Prometheus")
            assert process.poll() is None, log.read_text()[-3000:]
            yield running
        finally:
            process.kill()
            process.wait()


def test_its_own_tool_finds_nothing_to_complain_about_in_any_process(watched: Watched) -> None:
    with watched.service.client() as client:
        ended(client, submit(client, "Chaise longue"))

    for url in watched.metrics.values():
        promtool("check", "metrics", text=scraped(url))


def test_the_shipped_files_are_sound() -> None:
    promtool("check", "config", SHIPPED / "prometheus.yml")
    promtool("check", "rules", SHIPPED / "alerts.yml")


def test_each_process_counts_what_it_does(watched: Watched) -> None:
    with watched.service.client() as client:
        ended(client, submit(client, "Chaise longue"))
        sent = client.post("/api/catalogs", content='designation\nA\n""\n', headers={"Content-Type": "text/csv"})
        ended(client, [sent.raise_for_status().json()["id"]])

    api, io, model = (scraped(watched.metrics[process]) for process in ("api", "io", "model"))

    assert value_of(api, "shelfwise_jobs_accepted_total", kind="product")
    assert value_of(api, "shelfwise_workers_alive", kind="model") == 1
    assert value_of(io, "shelfwise_rows_finished_total", lane="io", outcome="error")
    assert value_of(model, "shelfwise_jobs_ended_total", kind="product", status="succeeded")
    assert value_of(model, "shelfwise_rows_finished_total", lane="interactive", outcome="answered")
    assert value_of(model, "shelfwise_model_call_rows_count", lane="bulk")
    assert value_of(model, "shelfwise_product_answer_duration_seconds_count")


def test_it_finds_every_process_and_what_they_count(watched: Watched, prometheus: Prometheus) -> None:
    with watched.service.client() as client:
        ended(client, submit(client, "Chaise longue"))

    wait_for(lambda: prometheus.values("up") == [1.0] * 3, 30, "three processes that are up")
    answered = 'sum(shelfwise_rows_finished_total{lane="interactive",outcome="answered"}) > 0'
    wait_for(lambda: prometheus.values(answered), 30, "answered rows")
    assert prometheus.values('shelfwise_workers_alive{kind="model"}') == [1.0]
    assert prometheus.values("shelfwise_database_up") == [1.0]


def test_the_rules_are_loaded_and_nobody_is_woken(watched: Watched, prometheus: Prometheus) -> None:
    wait_for(lambda: prometheus.values("up") == [1.0] * 3, 30, "three processes that are up")

    def healthy() -> bool:
        (group,) = prometheus.get("rules")["groups"]
        assert {rule["name"] for rule in group["rules"]} == ALERTS
        return all(rule["health"] == "ok" for rule in group["rules"])

    wait_for(healthy, 40, "rules that have been evaluated")
    (group,) = prometheus.get("rules")["groups"]
    assert {rule["name"]: prometheus.values(rule["query"]) for rule in group["rules"]} == {
        alert: [] for alert in ALERTS
    }


@pytest.mark.parametrize(
    ("alert", "series", "quiet", "loud"),
    [
        ("ShelfwiseDown", 'up{job="shelfwise-api"}', "1x20", "0x20"),
        ("ShelfwiseDown", "shelfwise_database_up", "1x20", "0x20"),
        ("ShelfwiseErrors", 'shelfwise_http_requests_total{status="503"}', "0x20", "0+10x20"),
        ("ShelfwiseNoWorker", 'shelfwise_workers_alive{kind="io"}', "1x20", "0x20"),
        ("ShelfwiseProductsWait", 'shelfwise_queue_oldest_age_seconds{lane="interactive"}', "2x20", "60+60x20"),
        ("ShelfwiseDiskLow", "shelfwise_disk_free_bytes", "3000x20", "1500x20"),
    ],
)
def test_each_rule_wakes_somebody_for_its_figure_and_for_no_other(
    alert: str, series: str, quiet: str, loud: str, tmp_path: Path
) -> None:
    beside = {'shelfwise_http_requests_total{status="200"}': "0+100x20", "shelfwise_disk_reserve_bytes": "1000x20"}
    for values, firing in ((quiet, False), (loud, True)):
        rules = tmp_path / f"{firing}.yml"
        rules.write_text(rule_test(alert, beside | {series: values}, firing=firing))

        promtool("test", "rules", rules)


def rule_test(alert: str, series: dict[str, str], *, firing: bool) -> str:
    """A test of promtool's: with these series, a minute apart, the alert fires after a quarter of an hour, or not.

    No other alert does.
    """
    given = "".join(f"      - series: {name!r}\n        values: {values!r}\n" for name, values in series.items())
    count = f"count(ALERTS{{alertname='{alert}',alertstate='firing'}})"
    others = f"count(ALERTS{{alertname!='{alert}',alertstate='firing'}})"
    wanted = "[{labels: '{}', value: 1}]" if firing else "[]"
    return (
        f"rule_files: [{str(SHIPPED / 'alerts.yml')!r}]\n"
        "evaluation_interval: 1m\n"
        "tests:\n"
        "  - interval: 1m\n"
        f"    input_series:\n{given}"
        "    promql_expr_test:\n"
        f'      - expr: "{count}"\n'
        "        eval_time: 15m\n"
        f"        exp_samples: {wanted}\n"
        f'      - expr: "{others}"\n'
        "        eval_time: 15m\n"
        "        exp_samples: []\n"
    )


def test_workers_that_are_replaced_have_their_ports_again(watched: Watched) -> None:
    def started(process: str) -> float | None:
        try:
            return value_of(scraped(watched.metrics[process]), "process_start_time_seconds")
        except httpx.TransportError:  # nobody has the port just now
            return None

    before = {process: wait_for(partial(started, process), 10, process) for process in ("io", "model")}

    watched.service.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "api has a new process" in watched.service.output(), 120, "the renewal")

    for process, moment in before.items():
        wait_for(lambda p=process, m=moment: (started(p) or m) > m, 30, f"metrics of the new {process} worker")

"""One product a request, against a running service: `python -m benchmarks.single`.

Measures texts and photos with `Prefer: wait`, and polling, and prints each beside its target. README.md explains.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bare import bare_photo_milliseconds, bare_text_milliseconds
from benchmarks.bundle import demo_bundle, tiny_bundle
from benchmarks.disk import flush_milliseconds
from benchmarks.figures import Figure, say_target, spread
from benchmarks.load import LoadProcess, Outcome, Plan
from benchmarks.machine import busy_seconds, machine_facts
from benchmarks.products import Request, get_request, photo_requests, text_requests
from benchmarks.service import Service, running_service
from shared.bundle import Bundle
from shared.settings import load_settings

GROUPS = ("text", "photo", "polling")
TIMES = ("p50", "p90", "p99", "max")
WARM_UP_SECONDS = 3
PADDED_SIZES = (1, 8, 64, 256, 1024)  # of texts in one model call; every one is prepared at its first use
POLL_SECONDS = 0.02
POLLED_JOBS = 64
POLLING_CLIENTS = (1, 16)
API_CORE, LOAD_CORE = 0, 1
_numbers = count(0, 1_000_000)  # every load gets numbers of its own, so that no product is sent twice


class Bench:
    """A service under load, and the figures so far."""

    def __init__(self, service: Service, process: LoadProcess, bundle: Bundle, seconds: float) -> None:
        self.service = service
        self.process = process
        self.bundle = bundle
        self.seconds = seconds
        self.token = service.token()
        self.figures: list[Figure] = []
        self.bare: dict[str, Any] = {}

    def measure(self, name: str, requests: list[Request], clients: int, expected: int, **plan: Any) -> Figure:
        """Load the service with these requests, first to warm up and then to measure."""
        self.load(requests, clients, min(WARM_UP_SECONDS, self.seconds), **plan)
        flushes = spread(flush_milliseconds(self.service.data_dir), "p50", "p99")
        busy, own = busy_seconds(), self.service.cpu_seconds()
        outcome = self.load(requests, clients, self.seconds, **plan)
        used = {part: after - own[part] for part, after in self.service.cpu_seconds().items()}
        used["load"] = outcome.cpu_seconds
        used["others"] = max(0.0, busy_seconds() - busy - used["service"] - used["load"])
        figure = _figure(name, clients, outcome, expected, used, flushes)
        figure.extra["api_ms_per_request"] = round(1000 * used["api"] / max(1, figure.requests), 3)
        print(figure.line(), flush=True)
        self.figures.append(figure)
        return figure

    def load(self, requests: list[Request], clients: int, seconds: float, **plan: Any) -> Outcome:
        """Send these requests for a while, each with a number that no product has had."""
        return self.process.run(Plan(self.service.port, clients, seconds, requests, number=next(_numbers), **plan))

    def submit(self, products: int) -> list[str]:
        """Send so many texts without waiting for their answers; the addresses of their jobs."""
        requests = text_requests(self.token, wait=False)
        return self.load(requests, min(16, products), 60, most=products).locations

    def wait_until_ended(self, paths: list[str]) -> None:
        """Poll jobs until all have ended."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self.service.port}", headers=headers, trust_env=False) as http:
            for path in paths:
                while not http.get(path).raise_for_status().json()["finished_at"]:
                    time.sleep(POLL_SECONDS)

    def tag(self, path: str) -> str:
        """The ETag of a job."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.get(f"http://127.0.0.1:{self.service.port}{path}", headers=headers, trust_env=False)
        return answer.raise_for_status().headers["ETag"]


def measure_text(bench: Bench, clients: list[int]) -> None:
    """Texts with `Prefer: wait`, and the bare text model for orientation."""
    bare = {size: spread(taken, "p50")["p50"] for size, taken in bare_text_milliseconds(bench.bundle.folder).items()}
    bench.bare["text_ms_by_rows"] = bare
    for size, milliseconds in bare.items():
        print(f"bare text model, {size} rows: {milliseconds:.2f} ms, {1000 * size / milliseconds:,.0f} rows/s")
    _prepare_padded_sizes(bench)
    requests = text_requests(bench.token)
    for number in clients:
        figure = bench.measure("text", requests, number, 200)
        if number == 1:
            say_target("p50 ms", figure.milliseconds["p50"], "<= 10", figure.milliseconds["p50"] <= 10)
        if number == 16:
            say_target("p99 ms", figure.milliseconds["p99"], "<= 60", figure.milliseconds["p99"] <= 60)
            say_target("requests/s", figure.requests_per_second, ">= 600", figure.requests_per_second >= 600)


def measure_photo(bench: Bench, _clients: list[int]) -> None:
    """Photos with `Prefer: wait` from one client, beside the bare photo model in the same run."""
    requests = photo_requests(bench.token)
    device, taken = bare_photo_milliseconds(bench.bundle.folder)
    bare = spread(taken, *TIMES)
    bench.bare["photo"] = {"device": device, "milliseconds": bare}
    print(f"bare photo model on {device}: p50 {bare['p50']:.1f}  p99 {bare['p99']:.1f} ms")
    figure = bench.measure("photo", requests, 1, 200)
    added = figure.milliseconds["p50"] - bare["p50"]
    bench.bare["photo"]["service_adds_ms"] = round(added, 3)
    say_target("p50 ms above the bare model", added, "<= 15", added <= 15)


def measure_polling(bench: Bench, _clients: list[int]) -> None:
    """`GET /api/jobs/{id}` of jobs that have ended and of open ones, whole and unchanged, with the API on one core."""
    ended = bench.submit(POLLED_JOBS)
    bench.wait_until_ended(ended)
    with bench.service.paused("model"), bench.service.api_on_core(API_CORE):
        still_open = bench.submit(POLLED_JOBS)
        for state, paths in (("ended", ended), ("open", still_open)):
            whole = [get_request(bench.token, path) for path in paths]
            unchanged = [get_request(bench.token, path, bench.tag(path)) for path in paths]
            for requests, status in ((whole, 200), (unchanged, 304)):
                for clients in POLLING_CLIENTS:
                    figure = bench.measure(f"polling, {state}, {status}", requests, clients, status, core=LOAD_CORE)
                    rate = figure.requests_per_second
                    if clients > 1:
                        say_target("requests/s", rate, ">= 1,500 on one core", rate >= 1500)
    bench.wait_until_ended(still_open)


MEASUREMENTS: dict[str, Callable[[Bench, list[int]], None]] = {
    "text": measure_text,
    "photo": measure_photo,
    "polling": measure_polling,
}


def main() -> None:
    """Measure what was asked for, print it, and write it as JSON; exit 1 if any request failed."""
    arguments = _arguments()
    bundle = tiny_bundle() if arguments.tiny else demo_bundle()
    if arguments.bundle:
        bundle = Bundle.open(arguments.bundle)
    with running_service(bundle) as service, LoadProcess() as process:
        facts = machine_facts(load_settings(data_dir=service.data_dir).database)
        print(json.dumps(facts, indent=2))
        bench = Bench(service, process, bundle, arguments.seconds)
        for group in arguments.only:
            MEASUREMENTS[group](bench, arguments.clients)
    if arguments.out:
        result = {
            "machine": facts,
            "bundle": bundle.manifest.version,
            "bare": bench.bare,
            "figures": [asdict(figure) for figure in bench.figures],
        }
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    failed = sum(figure.errors for figure in bench.figures)
    if failed:
        sys.exit(f"{failed} requests failed: these figures do not count.")


def _prepare_padded_sizes(bench: Bench) -> None:
    """Have the model worker make one call of every padded size."""
    for size in PADDED_SIZES:
        with bench.service.paused("model"):
            waiting = bench.submit(size)
        bench.wait_until_ended(waiting)


def _figure(
    name: str, clients: int, outcome: Outcome, expected: int, used: dict[str, float], flushes: dict[str, float]
) -> Figure:
    answered = len(outcome.milliseconds)
    return Figure(
        name=name,
        clients=clients,
        requests=answered,
        requests_per_second=round(answered / outcome.seconds, 1),
        milliseconds=spread(outcome.milliseconds, *TIMES),
        errors=outcome.lost + answered - outcome.statuses[expected],
        statuses=dict(outcome.statuses),
        cpu_cores={part: round(seconds / outcome.seconds, 3) for part, seconds in used.items()},
        flush_milliseconds=flushes,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a service with one product a request.")
    parser.add_argument("--seconds", type=float, default=10, help="how long to measure each figure")
    parser.add_argument("--out", type=Path, help="where to write the figures as JSON")
    parser.add_argument("--only", type=_groups, default=GROUPS, help="any of text,photo,polling")
    parser.add_argument("--clients", type=_counts, default=[1, 16, 64], help="numbers of clients for texts")
    parser.add_argument("--bundle", type=Path, help="folder of a bundle, instead of the demo bundle")
    parser.add_argument("--tiny", action="store_true", help="a small bundle, to see whether everything runs")
    return parser.parse_args()


def _groups(value: str) -> list[str]:
    groups = value.split(",")
    if not set(groups) <= set(GROUPS):
        raise argparse.ArgumentTypeError(f"any of {','.join(GROUPS)}")
    return groups


def _counts(value: str) -> list[int]:
    return [int(number) for number in value.split(",")]


if __name__ == "__main__":
    main()

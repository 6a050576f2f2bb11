"""What a large catalogue does to others: single products, another account's small catalogue, the API's memory."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.catalogue_bench import MIB, CatalogueBench, First
from benchmarks.catalogue_files import photo_catalogue, text_catalogue
from benchmarks.figures import say_target, spread
from benchmarks.load import Outcome, Plan
from benchmarks.memory import MemoryWatch
from benchmarks.products import text_requests

TIMES = ("p50", "p99", "max")
ALONE_NUMBER, BESIDE_NUMBER = 50_000_000, 75_000_000  # the first of single products
WARM_UP_NUMBER, WARM_UPS_APART = 90_000_000, 1_000_000  # of those before each figure, with the same load
WARM_UP_SECONDS = 3
MOST_GROWTH_MIB = 50
_BLOCK_ROWS = 4_096
_TEXT = "%d,Livre de poche usagé Histoires de Provence couverture pliée %d\n".encode()


def measure_interactive(bench: CatalogueBench) -> None:
    """Single texts with `Prefer: wait` from one client, first alone, then while a catalogue with photos runs."""
    sizes = bench.sizes
    _single_products(bench, WARM_UP_NUMBER, WARM_UP_SECONDS)
    alone = _single_products(bench, ALONE_NUMBER, sizes.alone_seconds)
    sent = bench.client.send(photo_catalogue(sizes.photos, First.BESIDE_SINGLE_PRODUCTS))
    bench.client.wait_until_first_result(sent.job)
    _single_products(bench, WARM_UP_NUMBER + WARM_UPS_APART, WARM_UP_SECONDS)
    started = time.time()
    beside = _single_products(bench, BESIDE_NUMBER, sizes.beside_seconds)
    outlasted = bench.client.job(sent.job)["finished_at"] is None
    calls = _bulk_calls(bench.service.log, started, time.time())
    bench.client.cancel(sent.job)
    found: dict[str, Any] = {
        "alone_ms": spread(alone.milliseconds, *TIMES),
        "beside_ms": spread(beside.milliseconds, *TIMES),
        "requests": [len(alone.milliseconds), len(beside.milliseconds)],
        "bulk_sub_batch_ms": spread(calls, *TIMES),
        "catalogue_outlasted_the_load": outlasted,
    }
    bench.figures["interactive"] = found
    for name in ("alone_ms", "beside_ms", "bulk_sub_batch_ms"):
        print(f"{name}: " + "  ".join(f"{time} {value:.1f}" for time, value in found[name].items()))
    if not outlasted:
        print("  the catalogue ended before the load did: take more photos")
    most = found["bulk_sub_batch_ms"]["p50"] + 3 * found["alone_ms"]["p99"]
    p99 = found["beside_ms"]["p99"]
    say_target("p99 ms of single products beside photos", p99, f"<= {most:.0f}", p99 <= most)


def measure_fairness(bench: CatalogueBench) -> None:
    """A small catalogue of one account behind a large one of another: how far that gets while the small one waits."""
    sizes = bench.sizes
    large, small = text_catalogue(sizes.crowd_rows, First.LARGE), text_catalogue(sizes.few_rows, First.SMALL)
    with bench.client.another("first") as first, bench.client.another("second") as second:
        crowd = first.send(large)
        first.wait_until_first_result(crowd.job)
        few = second.send(small)
        before = first.done(crowd.job)
        waited = second.follow(few).seconds
        advanced = first.done(crowd.job) - before
        first.cancel(crowd.job)
    share = advanced / sizes.crowd_rows
    bench.figures["fairness"] = {
        "rows": [sizes.crowd_rows, sizes.few_rows],
        "seconds": waited,
        "advanced_rows": advanced,
        "advanced_share": round(share, 4),
    }
    print(f"{sizes.few_rows} rows behind {sizes.crowd_rows:,}: {waited:.2f} s, meanwhile {advanced:,} of those")
    say_target("% of the large catalogue meanwhile", 100 * share, "< 5", share < 0.05)


def measure_upload(bench: CatalogueBench) -> None:
    """A large CSV that is sent in one stream: how much memory the API takes for it."""
    with MemoryWatch({"api": bench.service.part("api")}) as watch:
        sent = bench.client.stream(_endless_texts(bench.sizes.upload_mib * MIB), "text/csv")
        bench.client.cancel(sent.job)
    memory = watch.found()["api"]
    rate = bench.sizes.upload_mib / sent.upload_seconds
    bench.figures["upload"] = {
        "mib": bench.sizes.upload_mib,
        "seconds": round(sent.upload_seconds, 2),
        "api_mib_before": memory.start,
        "api_mib_at_most": memory.most,
    }
    print(f"{bench.sizes.upload_mib:,} MiB sent in {sent.upload_seconds:.1f} s, {rate:,.0f} MiB/s")
    growth = memory.growth
    say_target("MiB that the API grows by", growth, f"<= {MOST_GROWTH_MIB}", growth <= MOST_GROWTH_MIB)
    bench.client.delete(sent.job)


def _single_products(bench: CatalogueBench, number: int, seconds: float) -> Outcome:
    requests = text_requests(bench.client.token)
    outcome = bench.load.run(Plan(bench.service.port, 1, seconds, requests, number=number))
    bench.failed_requests += outcome.lost + len(outcome.milliseconds) - outcome.statuses[200]
    return outcome


def _bulk_calls(log: Path, start: float, end: float) -> list[float]:
    """Milliseconds of each model call of bulk work that the service's log has between two moments."""
    return [
        event["ms"]
        for event in _events(log)
        if event.get("event") == "model.called"
        and event["lane"] == "bulk"
        and start <= datetime.fromisoformat(event["timestamp"]).timestamp() <= end
    ]


def _events(log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("{"):
                with suppress(ValueError):
                    yield json.loads(line)


def _endless_texts(size: int) -> Iterator[bytes]:
    """A CSV of some `size` bytes, made as it is sent."""
    yield b"productid,designation\n"
    sent = number = 0
    while sent < size:
        block = b"".join(_TEXT % (row, row) for row in range(number, number + _BLOCK_ROWS))
        yield block
        number += _BLOCK_ROWS
        sent += len(block)

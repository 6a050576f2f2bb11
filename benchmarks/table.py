"""The results of `benchmarks.catalogue` as the Markdown table of README.md: `python -m benchmarks.table figures.json`.

Give several files to have the rows of each below each other, such as one of the usual size and one of a million rows.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HEAD = "| what | measured | beside it | ratio | target |\n|---|---|---|---|---|"


def rows_of(result: dict[str, Any]) -> Iterator[str]:
    """The table's rows for what was measured."""
    for name, describe in _DESCRIPTIONS.items():
        if name in result:
            yield from describe(result[name])


def _texts(found: dict[str, Any]) -> Iterator[str]:
    service, rate = found["service"], found["service"]["rows_per_second"]
    name, bare = f"text catalogue, {service['counts']['total']:,} rows", _best(found)
    yield _row(name, f"{rate:,.0f} rows/s", f"bare loop: {bare:,.0f} rows/s", f"{rate / bare:.2f}", "≥ 0.60")
    singly = max(figures["rows_per_second"] for figures in found["per_row"])
    beside = f"one Celery message per row: {singly:,.0f} rows/s"
    yield _row("", f"{rate:,.0f} rows/s", beside, f"{rate / singly:.1f}", "≥ 8")
    tenths = service["tenths"]
    beside = f"first tenth: {tenths[0]:,.0f} rows/s"
    yield _row("its last tenth", f"{tenths[-1]:,.0f} rows/s", beside, f"{tenths[-1] / tenths[0]:.2f}", "≥ 0.9")
    growth = {part: memory["growth_in_second_half"] for part, memory in service["memory_mib"].items()}
    part = max(growth, key=lambda part: growth[part])
    yield _row("memory, second half above first", f"{growth[part]:+.0f} MiB ({part})", "", "", "flat")


def _photos(found: dict[str, Any]) -> Iterator[str]:
    service, again, bare = found["service"], found["again"], _best(found)
    rate = service["rows_per_second"]
    name = f"catalogue with photos, {service['counts']['total']:,} rows"
    yield _row(name, f"{rate:.1f} rows/s", f"bare loop: {bare:.1f} rows/s", f"{rate / bare:.2f}", "≥ 0.90")
    ratio = f"{service['seconds'] / again['seconds']:.1f}"
    yield _row(
        "the same again, 5 % changed",
        f"{again['seconds']:.1f} s",
        f"first time: {service['seconds']:.1f} s",
        ratio,
        "≥ 10",
    )


def _interactive(found: dict[str, Any]) -> Iterator[str]:
    alone, beside, call = (found[name] for name in ("alone_ms", "beside_ms", "bulk_sub_batch_ms"))
    most = call["p50"] + 3 * alone["p99"]
    name = "one text with `Prefer: wait` beside photos, p99"
    known = f"alone: p99 {alone['p99']:.1f} ms; a bulk sub-batch: {call['p50']:.0f} ms"
    yield _row(name, f"{beside['p99']:.0f} ms (p50 {beside['p50']:.0f})", known, "", f"≤ {most:.0f} ms")


def _fairness(found: dict[str, Any]) -> Iterator[str]:
    large, small = found["rows"]
    name = f"{small:,} rows behind another account's {large:,}"
    yield _row(name, f"{found['seconds']:.2f} s", "", f"the other advanced {found['advanced_share']:.1%}", "< 5 %")


def _upload(found: dict[str, Any]) -> Iterator[str]:
    growth = found["api_mib_at_most"] - found["api_mib_before"]
    name = f"API memory while {found['mib']:,} MiB are sent"
    yield _row(name, f"{growth:+.0f} MiB", f"before: {found['api_mib_before']:.0f} MiB", "", "≤ +50 MiB")


_DESCRIPTIONS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "texts": _texts,
    "photos": _photos,
    "interactive": _interactive,
    "fairness": _fairness,
    "upload": _upload,
}


def _best(found: dict[str, Any]) -> float:
    return float(max(loop["rows_per_second"] for loop in found["bare_before"] + found["bare_after"]))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table of the files that are named."""
    print(HEAD)
    for path in sys.argv[1:]:
        for row in rows_of(json.loads(Path(path).read_text(encoding="utf-8"))):
            print(row)


if __name__ == "__main__":
    main()

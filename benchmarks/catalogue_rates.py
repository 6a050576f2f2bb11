"""Whole catalogues beside the bare loops: how many texts, and how many photos, a second."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.bare_catalogue import LoopFigures, bare_photos, bare_texts, bare_texts_on_all_cores
from benchmarks.catalogue_bench import CatalogueBench, First
from benchmarks.catalogue_client import Followed
from benchmarks.catalogue_files import photo_catalogue, text_catalogue
from benchmarks.figures import say_target
from benchmarks.per_row import measure_per_row

LONG_ROWS = 500_000  # from which on a job is long enough to say whether it is steady
STEADY_MIB = 32


def measure_texts(bench: CatalogueBench) -> None:
    """A CSV of titles, the bare loop before and after it, and one Celery message per row."""
    sizes, folder = bench.sizes, bench.bundle.folder
    catalogue = text_catalogue(sizes.rows, First.TEXTS)
    rows = min(sizes.rows, sizes.bare_rows)
    found, best = _beside_bare_loop(bench, "texts", catalogue, lambda: bare_texts(folder, catalogue, rows))
    rate, bare = found["service"]["rows_per_second"], best.rows_per_second
    say_target("share of the bare loop", rate / bare, ">= 0.60", rate >= 0.6 * bare)
    found["bare_on_all_cores"] = round(bare_texts_on_all_cores(folder, catalogue, rows, best.batch), 1)
    print(f"bare loop on each core: {found['bare_on_all_cores']:,.0f} rows/s in all")
    if sizes.rows >= LONG_ROWS:
        _say_steady(found)
    singly = measure_per_row(folder, sizes.per_row)
    found["per_row"] = [asdict(figures) for figures in singly]
    for figures in singly:
        print(
            f"a Celery message per row, {figures.pool} x {figures.concurrency}: {figures.rows_per_second:,.0f} rows/s"
        )
    quickest = max(figures.rows_per_second for figures in singly)
    say_target("times a message per row", rate / quickest, ">= 8", rate >= 8 * quickest)


def measure_photos(bench: CatalogueBench) -> None:
    """A ZIP of titles and photos, the bare loop before and after it; then the same ZIP with 5 % of its rows changed."""
    catalogue, changed = (photo_catalogue(bench.sizes.photos, First.PHOTOS, changed=change) for change in (False, True))
    found, best = _beside_bare_loop(
        bench, "photos", catalogue, lambda: bare_photos(bench.bundle.folder, bench.sizes.bare_photos)
    )
    rate, bare = found["service"]["rows_per_second"], best.rows_per_second
    say_target("share of the bare loop", rate / bare, ">= 0.90", rate >= 0.9 * bare)
    again = _run(bench, found, "again", changed)
    quicker = found["service"]["seconds"] / again.seconds
    print(f"    {again.counts['reused']:,} of {again.counts['total']:,} rows reused")
    say_target("times quicker with 5 % changed", quicker, ">= 10", quicker >= 10)


def _beside_bare_loop(
    bench: CatalogueBench, name: str, catalogue: Path, bare: Callable[[], list[LoopFigures]]
) -> tuple[dict[str, Any], LoopFigures]:
    """Run a catalogue between two rounds of the bare loop; all that was found, and the best of the bare loops."""
    found: dict[str, Any] = {}
    bench.figures[name] = found
    before = _bare(found, "bare_before", bare)
    _run(bench, found, "service", catalogue)
    after = _bare(found, "bare_after", bare)
    return found, max(before + after, key=lambda figures: figures.rows_per_second)


def _bare(found: dict[str, Any], name: str, bare: Callable[[], list[LoopFigures]]) -> list[LoopFigures]:
    loops = bare()
    found[name] = [asdict(loop) | {"rows_per_second": round(loop.rows_per_second, 2)} for loop in loops]
    for loop in loops:
        steps = ", ".join(
            f"{step} {1e6 * seconds / loop.rows:,.1f} us ({loop.step_cores[step]:.1f} cores)"
            for step, seconds in loop.step_seconds.items()
        )
        print(f"bare loop, {loop.batch} rows a call: {loop.rows_per_second:,.1f} rows/s; a row: {steps}", flush=True)
        print(f"    a row takes {loop.processor_microseconds:,.1f} us of processor")
    return loops


def _run(bench: CatalogueBench, found: dict[str, Any], name: str, catalogue: Path) -> Followed:
    observed: dict[str, Any] = {}
    with bench.observed(observed):
        run = bench.client.run(catalogue)
    found[name] = asdict(run) | observed
    print(
        f"{catalogue.name}: uploaded in {run.upload_seconds:.2f} s, first result {run.first_result_seconds:.2f} s "
        f"after that, all {run.seconds:.2f} s after that: {run.rows_per_second:,.1f} rows/s, "
        f"{run.rows_per_second_with_upload:,.1f} with the upload"
    )
    taken = ", ".join(
        f"{part} {1e6 * seconds / run.counts['total']:,.1f}"
        for part, seconds in observed["processor_seconds"].items()
        if part != "others"
    )
    print(f"    a row takes of processor, in us: {taken}")
    print(f"    rows/s of each tenth: {', '.join(f'{rate:,.0f}' for rate in run.tenths)}", flush=True)
    return run


def _say_steady(found: dict[str, Any]) -> None:
    tenths = found["service"]["tenths"]
    say_target("last tenth's rate, of the first's", tenths[-1] / tenths[0], ">= 0.9", tenths[-1] >= 0.9 * tenths[0])
    for part, memory in found["service"]["memory_mib"].items():
        growth = memory["growth_in_second_half"]
        say_target(f"MiB that {part} grows by in the second half", growth, f"<= {STEADY_MIB}", growth <= STEADY_MIB)

"""The summary of a storm: what went wrong, what was sent, and what has become of it, in plain text."""

from collections import Counter
from collections.abc import Iterable

from tests.faults.storm.findings import Findings
from tests.faults.storm.weather import Storm
from tests.support.small_disk import MIB

MOST_OF_A_KIND = 8


def summary(storm: Storm, found: Findings) -> str:
    """All of it, a line each."""
    lines = [f"{name:<22}{value}" for name, value in _lines(storm, found)]
    return "\n".join([*lines, *_sentences(found)])


def _sentences(found: Findings) -> Iterable[str]:
    for kind, sentences in found.faults.items():
        yield from (f"  {kind}: {sentence}" for sentence in sentences[:MOST_OF_A_KIND])
        if len(sentences) > MOST_OF_A_KIND:
            yield f"  {kind}: and {len(sentences) - MOST_OF_A_KIND} more"


def _lines(storm: Storm, found: Findings) -> Iterable[tuple[str, str]]:
    figures = found.figures
    answers = sum((customer.answers for customer in storm.customers), Counter[str]())
    yield "storm", f"{storm.seconds:g} s, seed {storm.seed}, {storm.database}, {_disk(storm)}"
    yield "faults", f"{storm.struck.total():,}: {_counts(storm.struck)}"
    if storm.missed:
        yield "faults that missed", f"{storm.missed.total():,}: {_counts(storm.missed)}"
    accepted = sum(count for status, count in answers.items() if status.startswith("2"))
    others = {status: count for status, count in answers.items() if not status.startswith("2")}
    yield "requests", f"{answers.total():,}: {accepted:,} answered 2xx, {_counts(others) or 'and no other answer'}"
    yield "jobs accepted", f"{figures['jobs accepted']:,}: {figures['jobs ended']:,} ended, {_canceled(found)}"
    yield "jobs nobody heard of", f"{figures['jobs unheard of']:,} (their answers were lost on the way)"
    yield "rows expected", f"{figures['rows expected']:,}: {figures['rows with one result']:,} with exactly one result"
    yield "poisoned rows", f"{figures['poisoned rows with an error']:,} with a row error"
    yield "photos", f"{figures['photos']:,} in the store"
    yield (
        "deliveries expected",
        f"{figures['deliveries expected']:,}: {figures['deliveries taken']:,} taken, of them "
        f"{figures['deliveries taken twice or more']:,} twice or more; {figures['deliveries that came']:,} tries came",
    )
    yield "calm after", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in storm.calm_after.items())
    bad = {kind: len(sentences) for kind, sentences in found.faults.items()}
    yield "not as it should be", _counts(bad) or "nothing: none lost, doubled, wrong, untold or damaged"


def _disk(storm: Storm) -> str:
    if storm.disk_bytes is None:
        return "on a disk that was not filled, for none can be mounted here"
    return f"on a disk of {storm.disk_bytes // MIB} MiB"


def _canceled(found: Findings) -> str:
    return f"{found.figures['jobs canceled']:,} of them canceled"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))

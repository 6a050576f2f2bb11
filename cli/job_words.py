"""A job in words: how far it is, all there is to know of it, and what a command that waited for it ends with."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

_SHORT = {"canceled": "was canceled", "expired": "did not end before its deadline"}


def progress_words(job: dict[str, Any]) -> str:
    """How far a job is, like `running, 1,200 of 5,000, 310.5/s, 0:00:12 left, 3 failed, 20 reused`."""
    counts, rate, left = job["counts"], job["rows_per_second"], job["eta_seconds"]
    words = [job["status"], f"{done(job):,} of {counts['total']:,}"]
    if rate:
        words.append(f"{rate:,.1f}/s")
    if left is not None:
        words.append(f"{timedelta(seconds=round(left))} left")
    if job["queue_position"] is not None:
        words.append(f"place {job['queue_position']} in the queue")
    words.extend(f"{counts[name]:,} {name}" for name in ("failed", "reused") if counts[name])
    return ", ".join(words)


def done(job: dict[str, Any]) -> int:
    """How many rows of a job have come to something."""
    return int(job["counts"]["succeeded"] + job["counts"]["failed"])


def facts(job: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What there is to know of a job, each with its name."""
    yield "job", job["id"]
    if job["name"]:
        yield "name", job["name"]
    yield "kind", job["kind"]
    yield "status", job["status"]
    if job["error"]:
        yield "reason", job["error"]["message"]
    yield "rows", _rows(job)
    if job["prediction"] and job["prediction"]["category"]:
        yield "answer", _answer(job["prediction"])
    yield "made", moment(job["created_at"])
    if job["started_at"] and job["finished_at"]:
        yield "time", _time(job)
    if job["source"]:
        yield from _reading(job["source"])
    if job["rerun_of"]:
        yield "repeats", job["rerun_of"] + ("" if job["changes"] is None else f" ({job['changes']:,} changes)")
    if job["model_versions"]:
        yield "model", ", ".join(job["model_versions"])


def moment(written: str) -> str:
    """A time as the service writes it, in that of this machine."""
    return f"{datetime.fromisoformat(written).astimezone():%Y-%m-%d %H:%M:%S}"


def shortcoming(job: dict[str, Any], errors: str) -> str | None:
    """One sentence of why not every row of an ended job has a prediction, None if every one has.

    `errors` is where the row errors are to be found.
    """
    counts, status = job["counts"], job["status"]
    if status == "succeeded":
        return None
    if status in _SHORT:
        return f"The job {_SHORT[status]}: {counts['succeeded']:,} of {counts['total']:,} rows have a result."
    if job["error"]:
        return str(job["error"]["message"])
    return f"{counts['failed']:,} of {counts['total']:,} rows have errors: {errors} says why."


def _rows(job: dict[str, Any]) -> str:
    counts = job["counts"]
    told = [f"{counts[name]:,} {name}" for name in ("succeeded", "failed", "reused", "pending") if counts[name]]
    return f"{counts['total']:,}" + (f" ({', '.join(told)})" if told else "")


def _answer(prediction: dict[str, Any]) -> str:
    category = prediction["category"]
    return f"{category['name']} ({category['code']}), confidence {prediction['confidence']:.0%}"


def _reading(source: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """How a file is read, as far as that is known."""
    ways = [source["format"], source["encoding"], source["delimiter"] and f"delimiter {source['delimiter']!r}"]
    yield "read as", ", ".join(filter(None, ways))
    if source["columns"]:
        yield "columns", ", ".join(f"{ours}={theirs}" for ours, theirs in source["columns"].items())


def _time(job: dict[str, Any]) -> str:
    begun, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    rate = job["rows_per_second"]
    return f"{(ended - begun).total_seconds():,.1f} s" + (f", {rate:,.1f} rows/s" if rate else "")

"""`shelfwise jobs`: the newest jobs of an account, and how they come on."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from cli.client import Client
from cli.job_words import done, moment, progress_words
from cli.passwords import asked_password
from cli.terminal import say, say_table, told_when_interrupted

_HEADERS = ("job", "kind", "status", "done", "of", "failed", "made", "name")


def list_jobs(url: str, user: str, status: str | None, limit: int, *, watch: bool) -> None:
    """Print the newest jobs; with `watch`, as they change, until none of them is open."""
    asked = {} if status is None else {"status": status}
    with Client(url, user, asked_password(user)) as client, told_when_interrupted():
        if not watch:
            say_table([_HEADERS, *map(_row, client.jobs(limit, **asked))])
        elif sys.stdout.isatty():
            _draw(client.watch_all(limit, **asked))
        else:
            _tell(client.watch_all(limit, **asked))


def _draw(states: Iterable[Sequence[dict[str, Any]]]) -> None:
    """One table, drawn anew."""
    with Live(console=Console()) as live:
        for jobs in states:
            table = Table(*_HEADERS, box=None, pad_edge=False)
            for job in jobs:
                table.add_row(*_row(job))
            live.update(table)


def _tell(states: Iterable[Sequence[dict[str, Any]]]) -> None:
    """A line for each job that is new or has another status."""
    told = dict[str, str]()
    for jobs in states:
        for job in reversed(jobs):
            if told.get(job["id"]) != job["status"]:
                told[job["id"]] = job["status"]
                say(f"{job['id']}  {progress_words(job)}")


def _row(job: dict[str, Any]) -> tuple[str, ...]:
    counts = job["counts"]
    figures = (f"{done(job):,}", f"{counts['total']:,}", f"{counts['failed']:,}")
    return (job["id"], job["kind"], job["status"], *figures, moment(job["created_at"]), job["name"] or "")

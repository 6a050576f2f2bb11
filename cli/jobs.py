"""`shelfwise jobs ID`: one job, what is done with it, and what came of it."""

from dataclasses import dataclass
from pathlib import Path

from cli.client import Client
from cli.job_words import facts, shortcoming
from cli.outcome import fetch_errors, fetch_results, require_writable
from cli.passwords import asked_password
from cli.progress import follow, shown_progress
from cli.terminal import say_facts, told_when_interrupted
from shared.errors import ShelfwiseError


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to happen with a job, in this order. `action` is `cancel`, `retry` or `rerun`."""

    action: str | None = None
    watch: bool = False
    results: Path | None = None
    errors: Path | None = None


def one_job(url: str, user: str, job_id: str, wanted: Wanted) -> None:
    """Do with a job what is wanted and print how it is then; after a retry or a rerun that is the new job.

    Raises ShelfwiseError when a job that was watched did not come to a prediction for every row.
    """
    require_writable(wanted.results, wanted.errors)
    with Client(url, user, asked_password(user)) as client, told_when_interrupted(), shown_progress() as progress:
        job = client.act(job_id, wanted.action) if wanted.action else client.job(job_id)
        if wanted.watch:
            job = follow(progress, client.watch(job["id"]))
        if wanted.results is not None:
            fetch_results(client, progress, job, wanted.results)
        if wanted.errors is not None:
            fetch_errors(client, progress, job, wanted.errors)
    say_facts(facts(job))
    sentence = shortcoming(job, str(wanted.errors or f"`shelfwise jobs {job['id']} --errors FILE`"))
    if wanted.watch and sentence:
        raise ShelfwiseError(sentence, code="ROWS_FAILED")

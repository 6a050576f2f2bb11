"""`shelfwise classify`: a whole catalogue through a running service, from the file to the results beside it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import typer

from cli.catalogue_file import catalogue_file, format_of, stem_of
from cli.client import Client
from cli.job_words import facts, shortcoming
from cli.outcome import fetch_errors, fetch_results, in_review_queue, require_writable
from cli.passwords import asked_password
from cli.progress import Progress, counting, follow, shown_progress
from cli.terminal import say, say_facts, sentence_of, told_when_interrupted
from shared.catalogues.source import COLUMNS, Format
from shared.errors import ShelfwiseError

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller says of a catalogue; None where the service finds it out."""

    name: str | None = None
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] | None = None

    def asked(self, filename: str) -> dict[str, str]:
        """As the call's parameters."""
        parameters = {
            "name": (self.name or filename)[:LONGEST_NAME],
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "columns": json.dumps(self.columns) if self.columns else None,
        }
        return {name: value for name, value in parameters.items() if value}


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the results go, and the rows that have errors if there are any."""

    results: Path
    errors: Path

    @classmethod
    def beside(cls, catalogue: Path, results: Path | None, errors: Path | None) -> "Outputs":
        """Those that were named; the others are named after the catalogue. Raises BadParameter."""
        stem = stem_of(catalogue)
        results = results or Path(f"{stem}.results.csv")
        outputs = cls(results, errors or results.with_name(f"{stem}.errors.csv"))
        require_writable(outputs.results, outputs.errors)
        if len({path.resolve() for path in (catalogue, outputs.results, outputs.errors)}) < 3:
            raise typer.BadParameter("The catalogue, its results and its errors must be three files.")
        return outputs


def columns_named(written: list[str]) -> dict[str, str]:
    """Which of the file's columns is which of ours, from `ours=theirs` each. Raises BadParameter."""
    named = dict[str, str]()
    for each in written:
        ours, _, theirs = each.partition("=")
        if ours not in COLUMNS or not theirs:
            raise typer.BadParameter(f"--columns {each}: say OURS=THEIRS, where OURS is one of {', '.join(COLUMNS)}.")
        named[ours] = theirs
    return named


def classify_catalogue(url: str, user: str, catalogue: Path, told: Told, outputs: Outputs, *, wait: bool) -> None:
    """Send a catalogue, wait for its job, write the results and the row errors, and say what came of it.

    Raises ShelfwiseError when not every row has a prediction, after all that there is has been written.
    """
    format = told.format or format_of(catalogue)
    with Client(url, user, asked_password(user)) as client:
        job = _submitted(client, catalogue, format, told)
        say(f"job {job['id']}: `shelfwise jobs {job['id']} --watch` shows how far it is")
        if not wait:
            return
        goes_on = f"The job goes on: `shelfwise jobs {job['id']} --watch` shows it, with --results FILE to the end."
        with told_when_interrupted(goes_on), _named_in_failures(job["id"]), shown_progress() as progress:
            job = follow(progress, client.watch(job["id"]))
            written, failures = _collected(client, progress, job, outputs)
            to_review = in_review_queue(client, job)
    say_facts([*facts(job), ("to review", to_review), *written])
    with _named_in_failures(job["id"]):
        for failure in failures:
            raise failure
    if sentence := shortcoming(job, str(outputs.errors)):
        raise ShelfwiseError(sentence, code="ROWS_FAILED")


def _submitted(client: Client, catalogue: Path, format: Format, told: Told) -> dict[str, Any]:
    if catalogue.is_dir():
        say(f"packing {catalogue}")
    with (
        told_when_interrupted("Interrupted while sending; `shelfwise jobs` shows whether there is a job."),
        catalogue_file(catalogue, format) as file,
        shown_progress() as progress,
    ):
        sent = counting(progress, "sending", file.size)
        return client.submit_catalogue(file, told.asked(file.name), uuid4().hex, sent)


@contextmanager
def _named_in_failures(job_id: str) -> Iterator[None]:
    """Have what goes wrong say of which job, which somebody can go on with: its rows are there."""
    try:
        yield
    except (ShelfwiseError, OSError) as error:
        goes_on = f"`shelfwise jobs {job_id}` shows the job, and fetches with --results FILE and --errors FILE."
        raise ShelfwiseError(f"{sentence_of(error).rstrip('.')}. {goes_on}", code="JOB_GOES_ON") from error


def _collected(
    client: Client, progress: Progress, job: dict[str, Any], outputs: Outputs
) -> tuple[list[tuple[str, str]], list[ShelfwiseError | OSError]]:
    """Write what came of a job, each file whatever comes of the other; returns their names, and what went wrong."""
    written, failures = list[tuple[str, str]](), list[ShelfwiseError | OSError]()
    counts = job["counts"]
    wanted = [
        ("results", fetch_results, outputs.results, counts["total"]),
        ("errors", fetch_errors, outputs.errors, counts["failed"]),
    ]
    for name, fetch, target, rows in wanted:
        if not rows:
            continue
        try:
            fetch(client, progress, job, target)
            written.append((name, str(target)))
        except (ShelfwiseError, OSError) as failure:
            failures.append(failure)
    if not counts["failed"] and outputs.errors.exists():
        written.append(("errors", f"none ({outputs.errors} is from an earlier time)"))
    return written, failures

"""Submissions: every accepted job is there, once, has ended, and has what should come of each of its rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, select

from shared.lifecycle import JobStatus, is_terminal
from shared.preparation import product_text
from shared.tables import Job, Prediction
from shared.taxonomy import RAKUTEN
from tests.faults.storm.customers import Customer, Sent
from tests.faults.storm.findings import Findings
from tests.faults.storm.goods import Row as Wanted
from tests.faults.storm.photos import photo_class
from tests.faults.storm.predictor import text_class
from tests.support.predictors import POISON

CODES = [category.code for category in RAKUTEN]
GAVE_UP = "PREDICTION_FAILED"

FoundJob: TypeAlias = Row[*tuple[Any, ...]]
FoundRow: TypeAlias = Row[*tuple[Any, ...]]


def check_submissions(
    connection: Connection, customers: Sequence[Customer], found: Findings
) -> list[tuple[Sent, FoundJob]]:
    """Check every submission; returns those that have a job, with it, also where nobody was told that it has."""
    jobs, rows = _jobs(connection), _rows(connection)
    by_name: dict[str, list[str]] = defaultdict(list)
    for job in jobs.values():
        by_name[_name(job, rows[job.id])].append(job.id)
    pairs = []
    for sent in (sent for customer in customers for sent in customer.sent):
        made = by_name.pop(sent.goods.name, [])
        _check_acceptance(sent, made, jobs, found)
        for job_id in made:
            pairs.append((sent, jobs[job_id]))
            _check_job(sent, jobs[job_id], rows[job_id], found)
    for name in by_name:
        found.add("strange", f"there is a job of {name}, which nobody has sent")
    return pairs


def _name(job: FoundJob, rows: Sequence[FoundRow]) -> str:
    """The name of the goods that have become this job."""
    if job.kind == "catalogue":
        return str(job.name)
    return str(rows[0].product_id) if rows else f"job {job.id} without a row"


def _jobs(connection: Connection) -> dict[str, FoundJob]:
    wanted = select(Job.id, Job.kind, Job.name, Job.status, Job.succeeded, Job.failed)
    return {job.id: job for job in connection.execute(wanted)}


def _rows(connection: Connection) -> dict[str, list[FoundRow]]:
    """The rows of each job, in order."""
    wanted = select(
        Prediction.job_id,
        Prediction.row,
        Prediction.product_id,
        Prediction.prediction,
        Prediction.text_scores,
        Prediction.image_scores,
        Prediction.image,
        Prediction.error,
        Prediction.finished_at,
    )
    rows = defaultdict(list)
    for row in connection.execute(wanted.order_by(Prediction.job_id, Prediction.row)):
        rows[row.job_id].append(row)
    return rows


def _check_acceptance(sent: Sent, made: Sequence[str], jobs: Mapping[str, FoundJob], found: Findings) -> None:
    name = sent.goods.name
    if len(made) > 1 or len(sent.jobs) > 1:
        found.add("doubled", f"{name} was posted {sent.posts} times and became {len({*made, *sent.jobs})} jobs")
    if not sent.jobs:
        found.figures["jobs unheard of"] += len(made)
        if sent.goods.key is not None and not made:
            found.add("unanswered", f"{name} was posted {sent.posts} times and never accepted")
    for job_id in sent.jobs:
        found.figures["jobs accepted"] += 1
        job = jobs.get(job_id)
        if job is None or not is_terminal(JobStatus(job.status)):
            found.add("lost", f"job {job_id} of {name} is {'not there' if job is None else job.status}")
        else:
            found.figures["jobs ended"] += 1


def _check_job(sent: Sent, job: FoundJob, rows: Sequence[FoundRow], found: Findings) -> None:
    """Every row of a job that was not canceled has exactly one result, and each result is the right one."""
    canceled = job.status == JobStatus.CANCELED
    if canceled != (sent.cancel is not None) and (canceled or sent.cancel == "confirmed"):
        found.add("wrong", f"job {job.id} is {job.status}; to cancel it was {sent.cancel or 'never asked for'}")
    if canceled:
        found.figures["jobs canceled"] += 1
    by_number: dict[int, list[FoundRow]] = defaultdict(list)
    for row in rows:
        by_number[row.row].append(row)
    for number, wanted in enumerate(sent.goods.rows):
        results = [row for row in by_number.pop(number, []) if row.finished_at is not None]
        if canceled and not results:
            continue
        found.figures["rows expected"] += 1
        where = f"row {number} of job {job.id} ({wanted.product_id})"
        if len(results) > 1:
            found.add("doubled", f"{where} has {len(results)} results")
        elif not results:
            found.add("lost", f"{where} has no result")
        else:
            found.figures["rows with one result"] += 1
            _check_row(where, wanted, results[0], found)
    for number in by_number:
        found.add("strange", f"job {job.id} has a row {number}, which nobody has sent")


def _check_row(where: str, wanted: Wanted, row: FoundRow, found: Findings) -> None:
    error = row.error and row.error["code"]
    if wanted.error or error:
        if error != wanted.error:
            kind = "given up" if error == GAVE_UP else "wrong"
            found.add(kind, f"{where} came to {error or 'an answer'} instead of {wanted.error or 'an answer'}")
        elif wanted.text is not None and POISON in wanted.text:
            found.figures["poisoned rows with an error"] += 1
        return
    text, photo = _codes(wanted)
    is_right = (
        row.product_id == wanted.product_id
        and row.image == wanted.photo_hash
        and _best(row.text_scores) == text
        and _best(row.image_scores) == photo
        and row.prediction in {text, photo}
    )
    if not is_right:
        has = (row.product_id, row.prediction, _best(row.text_scores), _best(row.image_scores), row.image)
        found.add("wrong", f"{where} should have {text} by its text and {photo} by its photo, and is {has}")


def _codes(wanted: Wanted) -> tuple[int | None, int | None]:
    """The categories that a product's text and its photo stand for."""
    text = product_text(wanted.text, None)
    return (
        None if text is None else CODES[text_class(text, len(CODES))],
        None if wanted.photo is None else CODES[photo_class(wanted.photo)],
    )


def _best(scores: Sequence[Sequence[float]] | None) -> int | None:
    return None if scores is None else int(scores[0][0])

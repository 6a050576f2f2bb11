"""A job's rows as its file has them, merged with what came of them: what is written into a file."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from api.results.answers import INPUTS, Answered, Cells, error_answers, result_answers, stored_rows, waiting_cells
from api.results.columns import ERROR_COLUMNS, RESULT_COLUMNS, Column, names_beside
from api.services import Services
from shared.catalogues.reading import CatalogueRow, Limits, open_table
from shared.catalogues.source import Source
from shared.errors import Conflict, Unavailable, UnreadableCatalogue
from shared.jobs import JobRecord
from shared.lifecycle import JobStatus

BEAT = 5_000  # rows that are left out one after the other
_NO_FILE = "The job's file cannot be read any more."
_STORED = (JobStatus.SUCCEEDED, JobStatus.PARTIALLY_SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to be written: the names of all columns, Arrow's names of their types, and rows as wide as that.

    Cells of a text column may be of any type: not every file says what its columns hold. None in place of a row is a
    beat: there has been none for so long that whoever makes a file of them should give others a turn.
    """

    names: Sequence[str]
    types: Sequence[str]
    rows: Iterator[Cells | None]


@dataclass(frozen=True, slots=True)
class _Original:
    """The file as it was sent, or what stands for it in a job that has none."""

    header: Sequence[str]
    types: Mapping[str, str]
    rows: Iterator[CatalogueRow]


@contextmanager
def results_table(services: Services, job: JobRecord) -> Iterator[Table]:
    """Every row of a job's file with its result; of a job that repeats failed rows, those alone.

    Raises Conflict as long as nobody knows what the file's columns are.
    """
    status = _status_without_row(job)
    with _original(services, job) as original:
        answers = result_answers(services.database, services.names, job.id, str(job.status))
        blank = None if _has_some_rows_only(job) else waiting_cells(status)
        yield _table(original, RESULT_COLUMNS, answers, blank)


@contextmanager
def errors_table(services: Services, job: JobRecord) -> Iterator[Table]:
    """The rows of a job's file that have an error, as they were sent, with their errors. Raises Conflict likewise."""
    with _original(services, job) as original:
        yield _table(original, ERROR_COLUMNS, error_answers(services.database, job.id), None)


def require_columns(job: JobRecord) -> int:
    """How many columns a job's file has, and so that they are known. Raises Conflict until they are."""
    if job.source is None:
        return len(INPUTS)
    if job.source.layout is None and not job.ended:
        raise Conflict("The file has not been looked into yet; ask again in a moment.", code="FILE_NOT_READ_YET")
    return 0 if job.source.layout is None else len(job.source.layout.header)


@contextmanager
def _original(services: Services, job: JobRecord) -> Iterator[_Original]:
    require_columns(job)
    if job.source is None:
        original = _Original(INPUTS, {}, stored_rows(services.database, job.id))
    elif job.source.layout is None:
        original = _Original((), {}, iter(()))  # nobody could read it
    else:
        layout = job.source.layout
        original = _Original(layout.header, layout.types, _rows_of_file(services, job, job.source))
    try:
        yield original
    finally:
        if isinstance(original.rows, Generator):
            original.rows.close()


def _rows_of_file(services: Services, job: JobRecord, source: Source) -> Iterator[CatalogueRow]:
    """The rows, to where the file breaks off if its intake came to the same end. Raises Unavailable if not."""
    try:
        with open_table(services.store, source, Limits.of(services.settings)) as catalogue:
            yield from catalogue.rows()
    except FileNotFoundError as error:
        raise Unavailable(_NO_FILE) from error
    except UnreadableCatalogue as error:
        if job.intake_done and job.error is None:
            raise Unavailable(_NO_FILE) from error


def _table(original: _Original, columns: Sequence[Column], answers: Iterator[Answered], blank: Cells | None) -> Table:
    types = [original.types.get(name, "string") for name in original.header] + [column.type for column in columns]
    names = [*original.header, *names_beside(set(original.header), columns)]
    return Table(names, types, _merged(original, answers, blank))


def _merged(original: _Original, answers: Iterator[Answered], blank: Cells | None) -> Iterator[Cells | None]:
    """Each row with our cells behind its own. One that nothing is known of has `blank`; without it, it is left out."""
    width, skipped = len(original.header), 0
    answer = next(answers, None)
    for number, cells, _ in original.rows:
        while answer is not None and answer.row < number:
            answer = next(answers, None)
        if answer is not None and answer.row == number:
            ours = answer.cells
        elif blank is not None:
            ours = blank
        elif answer is None:
            return
        else:
            skipped += 1
            if skipped % BEAT == 0:
                yield None
            continue
        yield [*cells, *ours] if len(cells) == width else [*_fitted(cells, width), *ours]


def _fitted(cells: Cells, width: int) -> Cells:
    """What could be read of a row that cannot be read as the others."""
    return [*cells[:width], *(None,) * (width - len(cells))]


def _has_some_rows_only(job: JobRecord) -> bool:
    return job.source is not None and job.source.is_partial


def _status_without_row(job: JobRecord) -> str:
    """What became of rows that a job has no prediction for: labelled products need none once they are stored."""
    if job.kind == "ingest" and job.status in _STORED:
        return str(JobStatus.SUCCEEDED)
    return str(job.status)

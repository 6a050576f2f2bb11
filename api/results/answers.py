"""The cells of our columns, row by row, as the database has them: a page at a time, and no transaction in between."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from shared.answers.names import CategoryNames
from shared.catalogues.reading import CatalogueRow, Cell
from shared.database import Database
from shared.lifecycle import JobStatus
from shared.results import ResultRow, failed_after, inputs_after, require_results, results_after

PAGE = 2_000
INPUTS_PAGE = 100  # whose texts may be long
INPUTS = ("product_id", "designation", "description")
Cells: TypeAlias = Sequence[Cell]
_SUCCEEDED, _FAILED = str(JobStatus.SUCCEEDED), str(JobStatus.FAILED)


class Answered(NamedTuple):
    """Our cells for the row of this number."""

    row: int
    cells: Cells


def result_answers(database: Database, names: CategoryNames, job_id: str, status: str) -> Iterator[Answered]:
    """RESULT_COLUMNS of a job's rows; those without a result have this status.

    Raises NotFound and Gone when the job goes meanwhile.
    """
    row = -1
    while True:
        with database.read() as connection:
            require_results(connection, job_id)
            page = results_after(connection, job_id, row, PAGE)
            versions = {each.model_version for each in page if each.model_version is not None}
            known = {version: names.of(connection, version) for version in versions}
        if not page:
            return
        for each in page:
            yield Answered(each.row, _result(each, known, status))
        row = page[-1].row


def error_answers(database: Database, job_id: str) -> Iterator[Answered]:
    """ERROR_COLUMNS of a job's rows that have an error. Raises as `result_answers` does."""
    row = -1
    while True:
        with database.read() as connection:
            require_results(connection, job_id)
            page = failed_after(connection, job_id, row, PAGE)
        if not page:
            return
        for row, _, error in page:
            yield Answered(row, (row + 1, error.get("column"), error["code"], error["message"]))


def stored_rows(database: Database, job_id: str) -> Iterator[CatalogueRow]:
    """INPUTS of the rows of a job that has no file."""
    row = -1
    while True:
        with database.read() as connection:
            page = inputs_after(connection, job_id, row, INPUTS_PAGE)
        if not page:
            return
        for row, *cells in page:
            yield CatalogueRow(row, cells)


def waiting_cells(status: str) -> Cells:
    """RESULT_COLUMNS of a row that has no result."""
    return (None,) * 11 + (status, None, None, None)


def _result(result: ResultRow, known: Mapping[str, Mapping[int, str]], status: str) -> Cells:
    (_, code, confidence, needs_review, *alone, modality, version, reused_from, error) = result
    if error is not None:
        return (None,) * 11 + (_FAILED, error["code"], error.get("column"), error["message"])
    if code is None:
        return waiting_cells(status)
    name = known.get(version or "", {}).get(code, str(code))
    reused = reused_from is not None
    return (code, name, confidence, needs_review, *alone, modality, version, reused, _SUCCEEDED, None, None, None)

"""What came of a job's rows: a page at a time, or all of it as a file that has the catalogue's own columns too."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Response

from api.answers.pages import Page
from api.answers.results import RowErrorAnswer
from api.job_answers import wanted_job
from api.openapi.results import errors_answer, results_answer
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Limit, numbered_page_start, path_id
from api.problems import problems
from api.results.files import ERRORS, RESULTS, VARY, made_file
from api.results.formats import ResultFormat, wanted_format
from api.security import CurrentUser
from api.services import Services, TheServices
from shared.answers.predictions import PredictionAnswer
from shared.jobs import JobRecord
from shared.results import failed_after, predictions_after, require_results

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
PROBLEMS = (
    404,
    "409 FILE_NOT_READ_YET",
    "409 TOO_LARGE_FOR_XLSX",
    "410 RESULTS_GONE",
    *LIST_PROBLEMS,
    "429 TOO_MANY_STREAMS",
    507,
)

JobId = Annotated[str, Depends(path_id)]
Wanted = Annotated[ResultFormat, Depends(wanted_format)]
Start = Annotated[int | None, Depends(numbered_page_start)]


@router.get(
    "/{id}/results",
    response_model=Page[PredictionAnswer],
    operation_id="get_job_results",
    responses={200: results_answer(), **problems(*PROBLEMS)},
    summary="A job's results",
)
async def results(
    account: CurrentUser,
    services: TheServices,
    job_id: JobId,
    wanted: Wanted,
    start: Start,
    response: Response,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[PredictionAnswer] | Response:
    """The rows of a job in the order of its file, also while it runs.

    As JSON a page of predictions. As a file all rows, with the file's own columns, each under its own name, and ours
    behind them: `prediction` (the category's code), `prediction_name`, `confidence`, `needs_review`,
    `text_prediction`, `text_confidence`, `image_prediction`, `image_confidence`, `modality`, `model_version`, `reused`,
    `status`, `error_code`, `error_column`, `error_message`. One of ours whose name the file has already is called
    `shelfwise_` and that name. `limit` and `cursor` are for pages.
    """
    job = await wanted_job(services, account, job_id)
    if wanted is not ResultFormat.JSON:
        return await made_file(services, account, job, RESULTS, wanted)
    response.headers["Vary"] = VARY
    return await to_thread.run_sync(_results_page, services, job, _after(start), limit)


@router.get(
    "/{id}/errors",
    response_model=Page[RowErrorAnswer],
    operation_id="get_job_errors",
    responses={200: errors_answer(), **problems(*PROBLEMS)},
    summary="A job's row errors",
)
async def errors(
    account: CurrentUser,
    services: TheServices,
    job_id: JobId,
    wanted: Wanted,
    start: Start,
    response: Response,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[RowErrorAnswer] | Response:
    """The rows of a job that have an error, in the order of its file, also while it runs.

    As JSON a page of what is wrong with which row, counted from 0. As a file the rows as they were sent, and behind
    the file's own columns `error_row` (counted from 1, below the header), `error_column`, `error_code` and
    `error_message`: it can be mended and sent again as it is. `limit` and `cursor` are for pages.
    """
    job = await wanted_job(services, account, job_id)
    if wanted is not ResultFormat.JSON:
        return await made_file(services, account, job, ERRORS, wanted)
    response.headers["Vary"] = VARY
    return await to_thread.run_sync(_errors_page, services, job, _after(start), limit)


def _results_page(services: Services, job: JobRecord, row: int, limit: int) -> Page[PredictionAnswer]:
    with services.database.read() as connection:
        require_results(connection, job.id)
        found = predictions_after(connection, job.id, row, limit + 1)
        versions = {record.model_version for record in found if record.model_version is not None}
        names = {version: services.names.of(connection, version) for version in versions}
    return Page[PredictionAnswer].of(
        found,
        limit,
        lambda record: PredictionAnswer.of(record, job.status, names.get(record.model_version or "", {})),
        lambda record: str(record.row),
    )


def _errors_page(services: Services, job: JobRecord, row: int, limit: int) -> Page[RowErrorAnswer]:
    with services.database.read() as connection:
        require_results(connection, job.id)
        found = failed_after(connection, job.id, row, limit + 1)
    return Page[RowErrorAnswer].of(found, limit, RowErrorAnswer.of, lambda failed: str(failed.row))


def _after(start: int | None) -> int:
    return -1 if start is None else start

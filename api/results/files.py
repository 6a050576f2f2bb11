"""A job's results or errors as the file that is asked for."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

from anyio import to_thread

from api.results.columns import ERROR_COLUMNS, RESULT_COLUMNS
from api.results.csv_file import csv_pieces
from api.results.formats import ResultFormat, media_type_of
from api.results.ndjson_file import ndjson_pieces
from api.results.parquet_file import parquet_pieces
from api.results.sending import MadeFile
from api.results.tables import Table, errors_table, require_columns, results_table
from api.results.xlsx_file import require_room_in_sheet, xlsx_pieces
from api.services import Services
from shared.jobs import JobRecord
from shared.results import require_results
from shared.users import Account

VARY = "Accept"


class Contents(NamedTuple):
    """What a file is to hold, and how large it will be as far as anybody knows."""

    name: str
    table: Callable[[Services, JobRecord], AbstractContextManager[Table]]
    columns: int
    rows: Callable[[JobRecord], int]


RESULTS = Contents("results", results_table, len(RESULT_COLUMNS), lambda job: job.total)
ERRORS = Contents("errors", errors_table, len(ERROR_COLUMNS), lambda job: job.failed)


async def made_file(
    services: Services, account: Account, job: JobRecord, contents: Contents, wanted: ResultFormat
) -> MadeFile:
    """The answer that makes the file and sends it. Raises Conflict and Gone where there is nothing to make it of."""
    await to_thread.run_sync(_require_results, services, job)
    columns = require_columns(job) + contents.columns
    if wanted is ResultFormat.XLSX:
        require_room_in_sheet(contents.rows(job), columns)

    def pieces() -> Iterator[bytes]:
        with contents.table(services, job) as table:
            yield from _written(services, table, wanted)

    name = f"{contents.name}-{job.id}.{wanted}"
    headers = {"Vary": VARY, "Content-Disposition": f'attachment; filename="{name}"'}
    return MadeFile(services.sending, account.id, pieces, media_type_of(wanted), headers)


def _require_results(services: Services, job: JobRecord) -> None:
    with services.database.read() as connection:
        require_results(connection, job.id)


def _written(services: Services, table: Table, wanted: ResultFormat) -> Iterator[bytes]:
    match wanted:
        case ResultFormat.CSV:
            return csv_pieces(table)
        case ResultFormat.NDJSON:
            return ndjson_pieces(table)
        case ResultFormat.PARQUET:
            return parquet_pieces(table)
        case ResultFormat.XLSX:
            return xlsx_pieces(table, services.settings.data_dir, services.disk)
        case ResultFormat.JSON:
            raise ValueError("JSON comes in pages")

"""Jobs read from the database and put into words: what several routes answer with."""

from collections.abc import Mapping

from sqlalchemy import Connection

from api.answers.jobs import JobAnswer
from api.answers.predictions import PredictionAnswer
from api.names import CategoryNames
from shared.jobs import JobRecord

_NO_NAMES: Mapping[int, str] = {}


def job_answer(connection: Connection, names: CategoryNames, job: JobRecord) -> JobAnswer:
    """The answer for a job, its prediction named by the version that made it."""
    record = job.prediction
    if record is None:
        return JobAnswer.of(job, None)
    known = _NO_NAMES if record.model_version is None else names.of(connection, record.model_version)
    return JobAnswer.of(job, PredictionAnswer.of(record, job.status, known))

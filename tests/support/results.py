"""Catalogue jobs whose rows have come to something, without a worker: a file in the store, and rows for it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from shared.catalogues.reading import Limits, open_catalogue
from shared.catalogues.source import Format, Layout, Source, source_key
from shared.database import Database
from shared.identifiers import new_id, now
from shared.ledger.finish import Answer, RowError
from shared.settings import Settings
from shared.store import ObjectStore
from shared.tables import Job, Prediction
from tests.support.ledger import WEEK


def stored_source(settings: Settings, content: bytes, file_format: Format = Format.CSV, **described: Any) -> Source:
    """A file in the store, with the layout that its intake would have found."""
    store = ObjectStore(settings.store)
    source = Source(key=source_key(new_id()), size=len(content), sha256="0" * 64, format=file_format, **described)
    store.put(source.key, content)
    return source.model_copy(update={"layout": layout_of(settings, source)})


def layout_of(settings: Settings, source: Source) -> Layout:
    """What reading a file to its end shows of it."""
    with open_catalogue(ObjectStore(settings.store), source, Limits.of(settings)) as catalogue:
        for _ in catalogue.rows():
            pass
        return catalogue.layout


def add_job(
    database: Database,
    owner_id: str,
    source: Source | None,
    rows: Sequence[dict[str, Any]],
    *,
    status: str = "succeeded",
    kind: str = "catalogue",
    **job: Any,
) -> str:
    """A job with these rows, each what `answered`, `failed` or `waiting` says; they are numbered from 0 unless said."""
    job_id = new_id()
    failed = sum("error" in row for row in rows)
    counts = {"total": len(rows), "failed": failed, "succeeded": sum("prediction" in row for row in rows)}
    with database.begin() as connection:
        connection.execute(
            insert(Job).values(
                id=job_id,
                owner_id=owner_id,
                kind=kind,
                status=status,
                source=None if source is None else source.stored(),
                source_key=None if source is None else source.key,
                deadline=now() + WEEK,
                **{"intake_done": True, **counts, **job},
            )
        )
        for number, row in enumerate(rows):
            connection.execute(
                insert(Prediction).values({"job_id": job_id, "owner_id": owner_id, "row": number, **row})
            )
    return job_id


def answered(answer: Answer, **row: Any) -> dict[str, Any]:
    """A row with a prediction."""
    return {
        "prediction": answer.code,
        "confidence": answer.confidence,
        "top": answer.top,
        "text_scores": answer.text_scores,
        "image_scores": answer.image_scores,
        "text_weight": answer.text_weight,
        "modality": answer.modality,
        "needs_review": answer.needs_review,
        "model_version": answer.model_version,
        "finished_at": now(),
        **row,
    }


def failed(code: str, message: str, column: str | None = None, **row: Any) -> dict[str, Any]:
    """A row with an error."""
    return {"error": RowError(code, message, column).stored(), "finished_at": now(), **row}


def waiting(**row: Any) -> dict[str, Any]:
    """A row that has no result yet."""
    return {"created_at": now() - timedelta(seconds=1), **row}

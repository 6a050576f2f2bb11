"""What tests of uploads look at: the jobs that were made, and the files that are in the store."""

from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Row, select

from shared.catalogues.source import Source
from shared.tables import Batch, Job
from tests.api.conftest import RunningApi

CSV = b"designation,description\nChaise,en bois\nTable,ronde\n"
FORM = "multipart/form-data; boundary=b"


def send(client: httpx.Client, content: Any, media_type: str = "text/csv", **more: Any) -> httpx.Response:
    """Post a body of this type; `more` are a query and headers."""
    headers = {"Content-Type": media_type, **more.pop("headers", {})}
    path = more.pop("path", "/api/catalogs")
    return client.post(path, content=content, headers=headers, **more)


def part(content: bytes, filename: str = "autumn.csv", name: str = "file", more: str = "") -> bytes:
    """A file in a form written by hand, without the last boundary."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n{more}\r\n'
    return head.encode() + content + b"\r\n"


def send_form(client: httpx.Client, *parts: bytes, **more: Any) -> httpx.Response:
    return send(client, b"".join(parts) + b"--b--\r\n", more.pop("media_type", FORM), **more)


def job_of(api: RunningApi, answer: httpx.Response) -> Row[Any]:
    """The row of the job that was made."""
    assert answer.status_code == 202, answer.text
    with api.database.read() as connection:
        return connection.execute(select(Job).where(Job.id == answer.json()["id"])).one()


def source_of(api: RunningApi, answer: httpx.Response) -> Source:
    source = Source.of(job_of(api, answer).source)
    assert source is not None
    return source


def batches_of(api: RunningApi, job_id: str) -> list[tuple[str, str, str]]:
    with api.database.read() as connection:
        found = connection.execute(select(Batch.kind, Batch.lane, Batch.state).where(Batch.job_id == job_id))
        return [(kind, lane, str(state)) for kind, lane, state in found]


def stored_files(api: RunningApi) -> set[str]:
    """Everything that is, or is being put, where catalogues lie."""
    folder = Path(api.settings.data_dir) / "store" / "catalogues"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def jobs_of(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/jobs").json()["items"]
    return found

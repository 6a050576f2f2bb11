"""What came of a job, as files: its results, and the rows that have errors."""

from itertools import islice
from pathlib import Path
from typing import Any

import typer

from cli.client import PAGE, Client, job_path
from cli.progress import Progress, counting
from shared.catalogues.kinds import ENDINGS
from shared.catalogues.source import Format

_WRITTEN = (Format.CSV, Format.NDJSON, Format.PARQUET, Format.XLSX)
FORMATS = {ending: form for ending, form in ENDINGS.items() if form in _WRITTEN}

MANY = 1_000  # rows that nobody counts any further by asking for them


def require_writable(*targets: Path | None) -> None:
    """Find out before a long job what would fail after it. Raises BadParameter."""
    for target in filter(None, targets):
        if target.suffix.lower() not in FORMATS:
            raise typer.BadParameter(f"{target} must end in one of {', '.join(FORMATS)}.")
        if target.is_dir() or not target.absolute().parent.is_dir():
            raise typer.BadParameter(f"{target} cannot be written: it must be a file in a folder that there is.")


def fetch_results(client: Client, progress: Progress, job: dict[str, Any], target: Path) -> None:
    """Write every row with its prediction, in the format that the file's name ends in."""
    _fetch(client, progress, job, "results", target)


def fetch_errors(client: Client, progress: Progress, job: dict[str, Any], target: Path) -> None:
    """Write the rows that have errors, which can be mended there and sent again, likewise."""
    _fetch(client, progress, job, "errors", target)


def in_review_queue(client: Client, job: dict[str, Any]) -> str:
    """How many of its rows a person should look at, as far as it pays to count them."""
    rows = client.items("/api/predictions", job=job["id"], needs_review="true", limit=str(PAGE))
    count = sum(1 for _ in islice(rows, MANY))
    return f"{count:,}" + (" or more" if count == MANY else "")


def _fetch(client: Client, progress: Progress, job: dict[str, Any], what: str, target: Path) -> None:
    path = f"{job_path(job['id'])}/{what}"
    client.download(path, target, counting(progress, what, None), format=FORMATS[target.suffix.lower()])

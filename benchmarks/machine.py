"""The machine and the versions behind the figures."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from shared.database import Database

LIBRARIES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "tensorflow-cpu", "keras", "celery", "redis")
_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def machine_facts(database_url: str) -> dict[str, Any]:
    """Processor, Python, library versions, and how the database makes its writes durable."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average_before": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "database": _durability(database_url),
    }


def busy_seconds() -> float:
    """Processor seconds that anybody on this machine has used, and those that its host took away."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _durability(database_url: str) -> dict[str, str]:
    """As a connection of the service's own kind has it."""
    database = Database(database_url)
    try:
        with database.read() as connection:
            if not database.is_sqlite:
                return {"kind": "postgresql"}
            synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
            return {
                "kind": "sqlite",
                "version": str(connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()),
                "journal_mode": str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()),
                "synchronous": _SYNCHRONOUS[synchronous],
            }
    finally:
        database.close()

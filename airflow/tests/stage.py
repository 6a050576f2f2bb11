"""What the tests act on: a service's data folder, and an Airflow of its own that retrains on it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from migrations.upgrade import upgrade
from shared.bundles import active_version, releases_before
from shared.database import Database
from shared.images import keep_image
from shared.products import LabelledInput, store_product
from shared.settings import load_settings
from shared.store import ObjectStore
from training.products import Product

ROOT = Path(__file__).parents[2]
SECONDS = 600  # for any one command


class Service:
    """The data folder of a Shelfwise service, and its command."""

    command = Path(sys.executable).with_name("shelfwise")

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._settings = load_settings(data_dir=data_dir)
        upgrade(self._settings.database)

    def label(self, products: Iterable[Product]) -> None:
        """Store labelled products, as `POST /api/data-ingest` does."""
        store = ObjectStore(self._settings.store)
        with self._database() as database:
            for product in products:
                image, size = keep_image(store, io.BytesIO(product.photo.read())) if product.photo else (None, 0)
                texts = product.designation, product.description
                labelled = LabelledInput(product.product_id, *texts, image_id=None, image=image, code=product.code)
                with database.begin() as connection:
                    store_product(connection, store, labelled, size)

    def active(self) -> str | None:
        """The version of the active bundle."""
        with self._database() as database, database.read() as connection:
            return active_version(connection)

    def published(self) -> set[str]:
        """The versions of all bundles."""
        with self._database() as database, database.read() as connection:
            return {release.manifest.version for release in releases_before(connection, None, 100)}

    @contextmanager
    def _database(self) -> Iterator[Database]:
        database = Database(self._settings.database)
        try:
            yield database
        finally:
            database.close()


@dataclass(frozen=True)
class Ran:
    """A finished run of the DAG: its exit status, log, folder and report, and the bundle that was active then."""

    status: int
    log: str
    folder: Path
    report: dict[str, Any]
    active: str | None


class Airflow:
    """The command of the Airflow in `.venv-airflow`, with a home in `home` and the project's DAG folder."""

    programs = ROOT / ".venv-airflow/bin"

    def __init__(self, home: Path, service: Service) -> None:
        self._service = service
        self._environment = {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "airflow/dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "SHELFWISE_COMMAND": str(service.command),
            "SHELFWISE_DATA_DIR": str(service.data_dir),
        }
        self.call("airflow", "db", "migrate")

    def call(self, program: str, *arguments: str) -> str:
        """What a program of Airflow's environment prints, called in the project's root."""
        ran = self._run(program, *arguments)
        assert ran.returncode == 0, f"{program} {arguments} failed:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def retrain(self, since: datetime, until: datetime, **params: object) -> Ran:
        """A run of the DAG on the labels from `since` to `until`."""
        conf = json.dumps({"since": since.isoformat(), "until": until.isoformat(), **params})
        return self._ran(self._run("airflow", "dags", "test", "shelfwise_retrain", "--conf", conf), since, until)

    def retrain_of(self, day: datetime, since: datetime, until: datetime) -> Ran:
        """A run of the DAG with this logical date, which is expected to be about that interval."""
        return self._ran(self._run("airflow", "dags", "test", "shelfwise_retrain", day.isoformat()), since, until)

    def _ran(self, ran: subprocess.CompletedProcess[str], since: datetime, until: datetime) -> Ran:
        folder = self._service.data_dir / "airflow" / f"{since:%Y%m%dT%H%M%SZ}-{until:%Y%m%dT%H%M%SZ}"
        log = ran.stdout + ran.stderr
        assert (folder / "report.json").exists(), log
        report = json.loads((folder / "report.json").read_text())
        return Ran(ran.returncode, log, folder, report, self._service.active())

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "SHELFWISE"))}
        return subprocess.run(
            [str(self.programs / program), *arguments],
            env=kept | self._environment,
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
        )

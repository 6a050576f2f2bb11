import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.database import Database


def test_an_io_worker_never_loads_tensorflow() -> None:
    code = "import sys, worker.process; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("kind", ["io", "model"])
def test_a_worker_does_not_start_on_a_schema_that_it_cannot_work_on(kind: str, sqlite_url: str, tmp_path: Path) -> None:
    with closing(Database(sqlite_url)) as database, database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    named = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": sqlite_url, "BROKER_URL": "redis://127.0.0.1:1"}
    environment = os.environ | {f"SHELFWISE_{name}": value for name, value in named.items()}

    done = subprocess.run([sys.executable, "-m", "worker", kind], env=environment, capture_output=True, text=True)

    assert done.returncode == 1
    assert "`python -m migrations.upgrade` brings an older one up." in done.stderr.splitlines()[-1]

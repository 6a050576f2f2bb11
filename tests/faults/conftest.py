"""The real processes with tiny predictors, and leases short enough to watch them run out.

A test runs on SQLite and, where one answers, on PostgreSQL, unless it is marked with one of the two below: a service
takes seconds to start, so what does not turn on the database is shown on SQLite.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from shared.database import Database
from shared.ledger.audit import contradictions
from shared.settings import load_settings
from tests.support.bundles import fake_bundle
from tests.support.gate import Gate
from tests.support.service import Service, activate_at_once, running_service

LEASE_SECONDS, SWEEP_SECONDS = 1.5, 0.5

StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path, database_url: str) -> Iterator[StartService]:
    """Start a ready service whose model workers answer with the named predictor of tests/support/predictors.py.

    All that a test starts work on the same data, and whatever it does to them, the ledger holds together in the end.
    """
    data_dir = tmp_path / "data"
    where = {"data_dir": data_dir, "database_url": database_url}
    activate_at_once(load_settings(**where), fake_bundle(tmp_path / "bundle"))
    with ExitStack() as stack:

        def start(predictor: str = "Fake", **settings: object) -> Service:
            usual = {"database_url": database_url, "lease_seconds": LEASE_SECONDS, "sweep_seconds": SWEEP_SECONDS}
            name = f"tests.support.predictors:{predictor}"
            service = stack.enter_context(running_service(data_dir, predictor=name, **usual | settings))
            service.wait_until_ready()
            return service

        yield start
    with closing(Database(database_url)) as database, database.read() as connection:
        assert contradictions(connection) == []


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """What holds up the calls of a service that is started with `start_service("Gated", gate=gate.path)`."""
    return Gate(tmp_path / "gate")

"""The real processes with tiny predictors, and leases short enough to watch them run out."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.bundles import fake_bundle
from tests.support.service import Service, prepare_data, running_service

LEASE_SECONDS, SWEEP_SECONDS = 1.5, 0.5

StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path, migrated_sqlite: Path) -> Iterator[StartService]:
    """Start a ready service whose model workers answer with the named predictor of tests/support/predictors.py."""
    prepare_data(tmp_path / "data", migrated_sqlite, fake_bundle(tmp_path / "bundle"))
    with ExitStack() as stack:

        def start(predictor: str = "Fake", **settings: object) -> Service:
            short = {"lease_seconds": LEASE_SECONDS, "sweep_seconds": SWEEP_SECONDS} | settings
            name = f"tests.support.predictors:{predictor}"
            service = stack.enter_context(running_service(tmp_path / "data", predictor=name, **short))
            service.wait_until_ready()
            return service

        yield start

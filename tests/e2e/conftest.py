"""One running service with a real, small bundle, for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.bundle import Bundle
from tests.support.service import Service, prepare_data, running_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle) -> Iterator[Service]:
    data_dir = tmp_path_factory.mktemp("e2e") / "data"
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    with running_service(data_dir) as started:
        started.wait_until_ready()
        yield started

"""A real service with all that its operators look at: metrics of every process, Flower, and the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.bundles import fake_bundle
from tests.support.ports import free_port, free_ports
from tests.support.service import Service, prepare_data, running_service


@dataclass(frozen=True)
class Watched:
    """A running service, the addresses of its metrics by the process that serves them, and Flower's."""

    service: Service
    metrics: dict[str, str]
    flower: str
    data_dir: Path
    log: Path

    def flower_client(self) -> httpx.Client:
        """A client of Flower that has its password."""
        password = (self.data_dir / "flower_password").read_text().strip()
        return httpx.Client(base_url=self.flower, auth=("admin", password), timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    data_dir, flower, (io, model) = folder / "data", free_port(), free_ports(2)
    prepare_data(data_dir, migrated_sqlite, fake_bundle(folder / "bundle"))
    settings = {"predictor": "tests.support.predictors:Fake", "flower_port": flower, "metrics_port": io}
    with running_service(data_dir, **settings) as service:
        service.wait_until_ready()
        metrics = {
            "api": f"{service.url}/metrics",
            "io": f"http://127.0.0.1:{io}/metrics",
            "model": f"http://127.0.0.1:{model}/metrics",
        }
        yield Watched(service, metrics, f"http://127.0.0.1:{flower}", data_dir, data_dir.with_suffix(".log"))

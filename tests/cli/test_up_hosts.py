"""`shelfwise up` on every address of the machine: it starts, and answers to its names only."""

from pathlib import Path

import httpx

from tests.support.bundles import fake_bundle
from tests.support.service import prepare_data, running_service


def test_a_service_on_every_address_answers_to_its_names_only(tmp_path: Path, migrated_sqlite: Path) -> None:
    prepare_data(tmp_path / "data", migrated_sqlite, fake_bundle(tmp_path / "bundle"))
    predictor = "tests.support.predictors:Fake"
    names = "shop.example.com"

    with running_service(tmp_path / "data", predictor=predictor, host="0.0.0.0", allowed_hosts=names) as service:
        service.wait_until_ready()

        def status(host: str) -> int:
            return httpx.get(f"{service.url}/health/live", headers={"Host": host}, trust_env=False).status_code

        assert [status(host) for host in ("shop.example.com", "localhost", "evil.example")] == [200, 200, 400]

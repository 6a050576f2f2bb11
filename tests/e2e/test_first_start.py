"""The first `shelfwise up` in an empty folder."""

import shutil
import stat
from pathlib import Path

from cli.first_start import WORKSHOP
from shared.bundle import FORMAT_VERSION, Bundle
from tests.cli.command import shelfwise
from tests.support.bundles import fake_bundle
from tests.support.service import ended, prepare_data, running_service, submit
from tests.support.waiting import wait_for


def version_that_answers(data_dir: Path) -> str:
    """The bundle that answers in this data folder once the service is up."""
    with running_service(data_dir) as service:
        service.wait_until_ready()
        with service.client() as client:
            (job,) = ended(client, submit(client, "Piscine gonflable"))
    return str(job["prediction"]["model_version"])


def test_an_empty_folder_becomes_a_running_service(tmp_path: Path, tiny_bundle: Bundle) -> None:
    """All but the training itself, whose finished bundle lies where a start that was killed after it left it."""
    data_dir = tmp_path / "data"
    shutil.copytree(tiny_bundle.folder, data_dir / WORKSHOP / "demo")

    assert version_that_answers(data_dir) == tiny_bundle.manifest.version
    assert not (data_dir / WORKSHOP).exists()
    assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600


def test_doctor_finds_nothing_broken_while_the_first_bundle_is_trained(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running_service(data_dir) as service:
        wait_for(lambda: "training the demo bundle" in service.output(), 60, "the training")
        port = service.url.rpartition(":")[2]

        done = shelfwise("doctor", "--data-dir", data_dir, "--port", port, SHELFWISE_FLOWER_PORT="0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "is still training the demo bundle" in done.stdout


def test_a_bundle_of_a_former_format_gives_way_to_the_demo_bundle(
    tmp_path: Path, migrated_sqlite: Path, tiny_bundle: Bundle
) -> None:
    data_dir = tmp_path / "data"
    former = fake_bundle(tmp_path / "former", "former-1")
    manifest = former.manifest.model_copy(update={"format_version": FORMAT_VERSION - 1})
    prepare_data(data_dir, migrated_sqlite, Bundle(former.folder, manifest))
    shutil.copytree(tiny_bundle.folder, data_dir / WORKSHOP / "demo")

    assert version_that_answers(data_dir) == tiny_bundle.manifest.version


def test_a_generated_administrators_password_is_shown_once(tmp_path: Path, tiny_bundle: Bundle) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(tiny_bundle.folder, data_dir / WORKSHOP / "demo")

    with running_service(data_dir, admin_password="") as service:
        service.wait_until_ready()
        (line,) = [line for line in service.output().splitlines() if "made the user admin" in line]
        service.client(password=line.split("password ")[1].split()[0]).close()
    with running_service(data_dir, admin_password="") as service:
        service.wait_until_ready()
        assert "made the user" not in service.output()

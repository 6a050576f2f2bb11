"""`scripts/compose-env`: what the compose file asks for, with secrets that nobody else has."""

import re
import stat
import subprocess
from pathlib import Path

from shared.passwords import refuse_weak_password
from shared.settings import load_settings

ROOT = Path(__file__).parents[2]
ASSIGNED = re.compile(r"^(\w+)=(.*)$", re.M)


def made(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "scripts/compose-env", file], capture_output=True, text=True, timeout=30)


def test_it_makes_what_the_compose_file_asks_for_and_nothing_else(tmp_path: Path) -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))

    assert made(tmp_path / ".env").returncode == 0

    assert set(dict(ASSIGNED.findall((tmp_path / ".env").read_text()))) == asked


def test_each_secret_is_another_one_and_can_be_part_of_an_address(tmp_path: Path) -> None:
    made(tmp_path / "one")
    made(tmp_path / "two")

    secrets = [secret for file in ("one", "two") for _, secret in ASSIGNED.findall((tmp_path / file).read_text())]

    assert len(set(secrets)) == len(secrets) > 0
    assert [secret for secret in secrets if not re.fullmatch("[0-9a-f]{64}", secret)] == []


def test_the_service_takes_them(tmp_path: Path) -> None:
    made(tmp_path / ".env")
    secrets = dict(ASSIGNED.findall((tmp_path / ".env").read_text()))

    assert load_settings(secret_key=secrets["SHELFWISE_SECRET_KEY"]).signing_key
    refuse_weak_password(secrets["SHELFWISE_ADMIN_PASSWORD"], "admin")


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    made(tmp_path / ".env")

    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_secrets_that_may_be_in_use_are_kept(tmp_path: Path) -> None:
    made(tmp_path / ".env")
    before = (tmp_path / ".env").read_text()

    again = made(tmp_path / ".env")

    assert (again.returncode, again.stdout) == (1, "")
    assert "is there already" in again.stderr
    assert (tmp_path / ".env").read_text() == before

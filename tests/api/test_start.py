"""What is unsafe or missing stops the start, with one sentence that says what to do and shows no value."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.process import environment_of


def start(command: list[str], folder: Path, **settings: object) -> str:
    """The one sentence with which this command refuses to start."""
    given = {"data_dir": folder / "data", "broker_url": "redis+socket:///tmp/none", **settings}
    ended = subprocess.run(
        [sys.executable, "-m", *command], env=environment_of(**given), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1, ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert not (folder / "data").exists()
    return ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("secret_key", "Tr0ub4dor", "SHELFWISE_SECRET_KEY: it has 9 bytes and needs at least 32 random ones"),
        ("secret_key", "Zx" * 32, "SHELFWISE_SECRET_KEY: it repeats itself too much"),
        ("secret_key", "j4Wn-changeme-Qp8sT1vB6yK3mZ9rL2dF5gH7", "SHELFWISE_SECRET_KEY: it contains a well-known word"),
        ("secret_key", "", "SHELFWISE_SECRET_KEY is not set: make one with"),
        ("host", "0.0.0.0", "SHELFWISE_ALLOWED_HOSTS is not set, and SHELFWISE_HOST is every address"),
        ("host", "::", "SHELFWISE_ALLOWED_HOSTS is not set, and SHELFWISE_HOST is every address"),
        ("allowed_hosts", "https://Zx.example", "SHELFWISE_ALLOWED_HOSTS: it must be host names"),
        ("broker_url", "amqp://Zx:Zx@broker", "SHELFWISE_BROKER_URL: it must begin with redis://"),
        ("port", "Zx", "SHELFWISE_PORT: "),
        ("database_url", "mysql://Zx", "SHELFWISE_DATABASE_URL must begin with sqlite:/// or postgresql://"),
        ("database_url", "sqlite:///:memory:", "SHELFWISE_DATABASE_URL must name a file"),
    ],
)
def test_the_api_does_not_start(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    said = start(["api"], tmp_path, **{name: value})

    assert sentence in said
    assert "Zx" not in said
    assert not value or value not in said


def test_the_service_does_not_start_on_every_address_without_a_name(tmp_path: Path) -> None:
    said = start(["cli", "up", "--host", "0.0.0.0", "--data-dir", str(tmp_path / "data")], tmp_path, broker_url="")

    assert "SHELFWISE_ALLOWED_HOSTS is not set" in said

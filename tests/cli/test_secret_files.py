import os
import stat
from pathlib import Path

import pytest

from cli.secret_files import kept_secret
from shared.errors import ConfigurationError
from shared.settings import load_settings


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "secret_key")

    assert kept_secret(tmp_path / "secret_key") == secret
    assert kept_secret(tmp_path / "another") != secret


def test_a_secret_is_good_enough_to_sign_with(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "secret_key")

    assert load_settings(secret_key=secret).signing_key == secret


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        kept_secret(tmp_path / "secret_key")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644], ids=oct)
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    secret = kept_secret(tmp_path / "secret_key")
    (tmp_path / "secret_key").chmod(mode)

    with pytest.raises(ConfigurationError, match="can be read by others: `chmod 600") as caught:
        kept_secret(tmp_path / "secret_key")

    assert secret not in caught.value.message


def test_a_secret_that_somebody_else_wrote_down_is_taken_without_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "admin_password"
    path.touch(0o600)
    path.write_text("a long phrase\n")

    assert kept_secret(path) == "a long phrase"


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch(0o600)

    with pytest.raises(ConfigurationError, match="is empty: delete it"):
        kept_secret(tmp_path / "secret_key")

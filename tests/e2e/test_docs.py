"""What the documentation tells people to type does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.service import PASSWORD, ROOT, Service

_TESTED = re.compile(r"<!-- run by tests/e2e/test_docs\.py -->\n```sh\n(.*?)```", re.S)


def test_the_curl_commands_classify_a_product(service: Service, tmp_path: Path) -> None:
    (commands,) = _TESTED.findall((ROOT / "docs/03-http.md").read_text())

    environment = os.environ | {"URL": service.url, "PASSWORD": PASSWORD}
    done = subprocess.run(
        ["bash", "-euc", commands], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\{'code': \d+, 'name': .+\}\n", done.stdout)


def test_the_predict_command_shows_the_answer(service: Service) -> None:
    environment = os.environ | {"SHELFWISE_PASSWORD": PASSWORD, "SHELFWISE_URL": service.url}
    command = [sys.executable, "-m", "cli", "predict", "--text", "Piscine gonflable ronde 3 m"]

    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "text alone" in done.stdout
    assert "confidence" in done.stdout

"""`scripts/smoke.sh`, as somebody runs it who knows the password."""

import os
import subprocess

from tests.support.service import PASSWORD, ROOT


def smoke(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Have the script try the service at this address."""
    given = {"SHELFWISE_PASSWORD": PASSWORD, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | environment
    return subprocess.run(
        [ROOT / "scripts/smoke.sh", url], env=os.environ | given, capture_output=True, text=True, timeout=300
    )


def assert_all_well(done: subprocess.CompletedProcess[str]) -> None:
    """Fail unless every step was taken, and went well."""
    assert done.returncode == 0, done.stdout + done.stderr
    *steps, last = done.stdout.splitlines()
    assert last == "all well"
    assert [line for line in steps if not line.startswith("ok ")] == []
    assert "a webhook is delivered" in done.stdout

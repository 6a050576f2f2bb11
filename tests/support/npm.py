"""JavaScript under node, with the libraries that its lock file names, from the npm registry."""

import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_SECONDS = 120
UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH", "ERR_SOCKET_TIMEOUT")


def installed(source: Path, folder: Path) -> Path:
    """Copy the JavaScript of one folder into another and install its libraries there.

    Skips, saying so, where there is no node or no registry.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer in time")
    if ran.returncode != 0 and any(f"code {code}" in ran.stderr for code in UNREACHABLE):
        pytest.skip("the npm registry cannot be reached")
    assert ran.returncode == 0, ran.stderr
    return folder

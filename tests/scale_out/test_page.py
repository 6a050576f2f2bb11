"""The page about several machines: what it tells people to type is typed here, from its first block to its last."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from shared.settings import load_settings
from tests.support.bundles import fake_bundle
from tests.support.ports import free_port
from tests.support.service import ROOT, activate_at_once
from tests.support.stack import Shared

PAGE = "docs/17-more-than-one-machine.md"
SECONDS = 300
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)
_END = "\x1e"  # is printed after each block


def sessions() -> list[tuple[str, str]]:
    """Each block of `sh`, and what the page says that it prints: the next block, where that is one of `text`."""
    blocks = [(found[1], found[2]) for found in _FENCED.finditer((ROOT / PAGE).read_text())]
    following = [*blocks[1:], ("", "")]
    return [
        (code, then if kind == "text" else "")
        for (language, code), (kind, then) in zip(blocks, following, strict=True)
        if language == "sh"
    ]


@pytest.fixture
def environment(shared: Shared, tmp_path: Path) -> dict[str, str]:
    """What a test adds to the page: a predictor that needs no models, and a bundle for it."""
    settings = load_settings(**shared.settings(data_dir=tmp_path / "publisher"))
    activate_at_once(settings, fake_bundle(tmp_path / "bundle"))
    return {
        "SHELFWISE_PREDICTOR": "tests.support.predictors:Fake",
        "SHELFWISE_DISK_RESERVE_BYTES": "0",
        "SHELFWISE_FLOWER_PORT": "0",  # which `doctor` would look at
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def here(page: str, shared: Shared) -> str:
    """The page with the addresses and the ports of this machine in the place of its own."""
    variables = " ".join(f"{name}={value}" for name, value in shared.bucket.environment.items())
    for theirs, ours in (
        ("postgresql://shelfwise:PASSWORD@db.internal:5432/shelfwise", shared.database_url),
        ("redis://:PASSWORD@redis.internal:6379/0", shared.redis.url),
        ("s3://shelfwise/production", shared.bucket.url),
        ("AWS_REGION=eu-west-3 AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET", variables),
        ("8000", str(free_port())),
        ("8001", str(free_port())),
    ):
        assert theirs in page
        page = page.replace(theirs, ours)
    return page


def test_what_the_page_tells_people_to_type_does_what_it_says(
    shared: Shared, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    blocks = sessions()
    code = here("".join(f"{code}printf '\\036'\n" for code, _ in blocks), shared)
    session = subprocess.Popen(
        ["bash", "-euc", code],
        env=os.environ | environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, said = session.communicate(timeout=SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(session.pid, signal.SIGKILL)  # also what it has started and left

    came = printed.split(_END)[:-1]
    assert len(came) == len(blocks), said
    for (_, expected), found in zip(blocks, came, strict=True):
        pattern = ".*".join(map(re.escape, expected.rstrip("\n").split("…")))
        assert re.fullmatch(pattern, found.rstrip("\n"), re.S), found

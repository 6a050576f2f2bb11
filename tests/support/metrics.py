"""Metrics as a scrape finds them, and what Prometheus's own tool says of them."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families


def require_prometheus(program: str) -> str:
    """The path of one of Prometheus's programs; skips, saying so, where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} on the PATH: install Debian's package prometheus")
    return found


def scraped(url: str) -> str:
    """The metrics at an address, as text."""
    return httpx.get(url, timeout=30, trust_env=False).raise_for_status().text


def value_of(text: str, name: str, **labels: str) -> float | None:
    """The value of the sample of this name with exactly these labels; None where there is none."""
    return next((value for found, value in _samples(text, name) if found == labels), None)


def _samples(text: str, name: str) -> list[tuple[Mapping[str, str], float]]:
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    ]


def promtool(*arguments: str | Path, text: str = "") -> str:
    """What promtool says, which must be content; skips where there is none."""
    command = [require_prometheus("promtool"), *map(str, arguments)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr

"""One run of Schemathesis, in a process of its own, against a served application."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOOKS = "tests.api.contract.hooks"
LONGEST_SECONDS = 400
ROOT = Path(__file__).parents[3]

# Every check is on, but for the one below; all phases run. Without a random seed: each run asks the same.
CONFIGURATION = """
continue-on-failure = true
request-timeout = 30
warnings = false

[generation]
max-examples = {examples}
deterministic = true
no-shrink = true
database = "none"

[phases.stateful]
generation.max-examples = {sequences}
max-steps = 5

# `me` is also an id that no account has: `PATCH /api/users/me` finds none, and answers 404.
[[operations]]
include-operation-id = "get_own_account"
checks.unsupported_method.enabled = false
"""


@dataclass(frozen=True, slots=True)
class Pool:
    """Values to take for a parameter in the path of some operations, most of the time."""

    parameter: str
    operations: Sequence[str]
    values: Sequence[str]

    def configured(self) -> str:
        """What the configuration says of it."""
        name = f"{self.operations[0]}_{self.parameter}"
        return (
            f"[dictionaries.{name}]\nvalues = {json.dumps(self.values)}\n"
            f"[[operations]]\ninclude-operation-id = {json.dumps(self.operations)}\n"
            f'parameters."path.{self.parameter}" = {{ dictionary = "{name}", probability = 0.7 }}\n'
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: whether a check failed, the text that people read, and the requests of each operation."""

    failed: bool
    text: str
    requests: Counter[tuple[str, str]]


def run_schemathesis(
    folder: Path,
    url: str,
    token: str,
    pools: Sequence[Pool],
    environment: Mapping[str, str],
    *,
    examples: int,
    sequences: int,
) -> Run:
    """Hold the application at `url` against its document, which is in `folder` as `openapi.json`."""
    configuration = CONFIGURATION.format(examples=examples, sequences=sequences)
    (folder / "schemathesis.toml").write_text(configuration + "\n".join(pool.configured() for pool in pools))
    report = folder / "events.ndjson"
    headers = (f"Authorization: Bearer {token}", "Sec-Fetch-Site: same-origin")
    finished = subprocess.run(
        [
            *(Path(sys.executable).with_name("st"), "--config-file", "schemathesis.toml", "run", "openapi.json"),
            *("--url", url, "--no-color", "--report", "ndjson", "--report-ndjson-path", report),
            *(part for header in headers for part in ("--header", header)),
        ],
        cwd=folder,
        env={**os.environ, **environment, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    return Run(finished.returncode != 0, finished.stdout + finished.stderr, _requests(report))


def _requests(report: Path) -> Counter[tuple[str, str]]:
    cases = (
        case["value"]
        for event in _events(report)
        for case in event.get("ScenarioFinished", {}).get("recorder", {}).get("cases", {}).values()
    )
    return Counter((case["method"].lower(), case["path"]) for case in cases)


def _events(report: Path) -> Iterator[dict[str, Any]]:
    with report.open() as lines:
        yield from map(json.loads, lines)

"""The workflows that run on GitHub: what they may do, and that what they call is there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.npm import installed

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WRITERS = {("deployment.yml", "publish"): {"packages": "write"}}


@pytest.fixture(params=FILES, ids=lambda file: file.name)
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def workflow(file: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(file.read_text()))


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_it_says_when_it_runs(workflow: dict[Any, Any]) -> None:
    assert workflow[True]  # YAML reads `on` as a truth


def test_it_may_read_and_a_job_that_writes_is_on_the_list(file: Path, workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job.get("permissions") == WRITERS.get((file.name, name))


def test_every_step_runs_or_uses_something(workflow: dict[Any, Any]) -> None:
    assert [step for step in steps(workflow) if ("run" in step) == ("uses" in step)] == []


def test_actions_are_named_with_a_version(workflow: dict[Any, Any]) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]

    assert [each for each in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", each)] == []


def test_scripts_that_are_called_are_there(workflow: dict[Any, Any]) -> None:
    called = {path for step in steps(workflow) for path in re.findall(r"(?:scripts|\.ci)/[\w.-]+", step.get("run", ""))}

    assert [path for path in called if not (ROOT / path).is_file()] == []


def test_what_comes_from_outside_is_no_part_of_a_command(workflow: dict[Any, Any]) -> None:
    assert [step for step in steps(workflow) if "${{" in step.get("run", "")] == []


def test_jobs_wait_for_jobs_that_are_there(workflow: dict[Any, Any]) -> None:
    assert {job["needs"] for job in workflow["jobs"].values() if "needs" in job} <= set(workflow["jobs"])


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(Path(__file__).parent / "actionlint", tmp_path_factory.mktemp("actionlint"))


def findings(actionlint: Path, *files: Path) -> list[str]:
    done = subprocess.run(
        ["node", "lint.mjs", *files], cwd=actionlint, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    assert findings(actionlint, *FILES) == []


def test_actionlint_finds_what_is_wrong(actionlint: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(FILES[0].read_text().replace("runs-on:", "runs_on:"))

    assert any("runs_on" in finding for finding in findings(actionlint, broken))


def test_images_are_published_of_a_tag_only_and_once_they_were_tried() -> None:
    publish = yaml.safe_load((ROOT / ".github/workflows/deployment.yml").read_text())["jobs"]["publish"]

    assert publish["needs"] == "smoke"
    assert publish["if"] == "startsWith(github.ref, 'refs/tags/v')"

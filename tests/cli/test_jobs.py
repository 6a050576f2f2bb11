"""`shelfwise jobs` against a service that answers as it is told."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.command import shelfwise
from tests.cli.scripted import SIGNED_IN, Scripted, job

SOON = {"Retry-After": "0"}
ALL = job("succeeded", succeeded=449)
SOME = job("partially_succeeded", succeeded=437, failed=12)


def jobs(server: Scripted, *arguments: object) -> subprocess.CompletedProcess[str]:
    return shelfwise("jobs", *arguments, "--url", server.url, SHELFWISE_PASSWORD="sesame")


def test_the_newest_jobs_are_a_table(server: Scripted) -> None:
    server.script = [SIGNED_IN, (200, {"items": [SOME, job(id="j0", name=None)], "next_cursor": None})]

    done = jobs(server, "--limit", 7, "--status", "failed")

    header, first, second = (line.split() for line in done.stdout.splitlines())
    assert header == ["job", "kind", "status", "done", "of", "failed", "made", "name"]
    assert first[:6] == ["j1", "catalogue", "partially_succeeded", "449", "449", "12"]
    assert first[-1] == "spring.csv"
    assert second[:6] == ["j0", "catalogue", "running", "0", "449", "0"]
    assert server.asked[1].query == {"limit": "7", "status": "failed"}


def test_one_job_is_told_of_in_detail(server: Scripted) -> None:
    server.script = [SIGNED_IN, (200, SOME | {"rerun_of": "j0", "changes": 3})]

    done = jobs(server, "j1")

    assert done.returncode == 0
    for fact in (
        "job:         j1",
        "status:      partially_succeeded",
        "rows:        449 (437 succeeded, 12 failed)",
        "repeats:     j0 (3 changes)",
        "model:       demo-1",
    ):
        assert fact in done.stdout.splitlines()


def test_a_watched_job_that_has_a_prediction_for_every_row_is_status_0(server: Scripted) -> None:
    server.script = [SIGNED_IN, (200, job()), (200, job(), SOON), (200, ALL)]

    done = jobs(server, "j1", "--watch")

    assert (done.returncode, done.stderr) == (0, "")
    assert "rows: 100%, succeeded, 449 of 449, 36.5/s" in done.stdout


@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        (SOME, "12 of 449 rows have errors: `shelfwise jobs j1 --errors FILE` says why."),
        (job("failed", error={"code": "X", "message": "The file is no CSV."}), "The file is no CSV."),
    ],
)
def test_a_watched_job_that_has_not_is_status_1(server: Scripted, ended: dict[str, object], sentence: str) -> None:
    server.script = [SIGNED_IN, (200, ended)]

    done = jobs(server, "j1", "--watch")

    assert (done.returncode, done.stderr) == (1, f"shelfwise: {sentence}\n")


def test_a_list_is_watched_until_no_job_is_open(server: Scripted) -> None:
    states = [[job()], [job(succeeded=7)], [ALL]]
    server.script = [SIGNED_IN, *((200, {"items": items, "next_cursor": None}) for items in states)]

    done = jobs(server, "--watch")

    assert done.returncode == 0
    running, succeeded = done.stdout.splitlines()
    assert running.startswith("j1  running, 0 of 449")
    assert succeeded.startswith("j1  succeeded, 449 of 449")


@pytest.mark.parametrize("action", ["cancel", "retry", "rerun"])
def test_a_job_is_canceled_or_run_again(server: Scripted, action: str) -> None:
    server.script = [SIGNED_IN, (202, job(id="j2"))]

    done = jobs(server, "j1", f"--{action}")

    assert (server.asked[1].method, server.asked[1].path) == ("POST", f"/api/jobs/j1/{action}")
    assert done.stdout.splitlines()[0] == "job:         j2"


def test_a_job_that_is_run_again_is_the_one_that_is_watched_and_fetched(server: Scripted, tmp_path: Path) -> None:
    server.script = [SIGNED_IN, (202, job(id="j2")), (200, SOME | {"id": "j2"}), (200, b"all"), (200, b"bad")]
    results, errors = tmp_path / "results.parquet", tmp_path / "errors.xlsx"

    done = jobs(server, "j1", "--rerun", "--watch", "--results", results, "--errors", errors)

    assert [(asked.path, asked.query) for asked in server.asked[2:]] == [
        ("/api/jobs/j2", {}),
        ("/api/jobs/j2/results", {"format": "parquet"}),
        ("/api/jobs/j2/errors", {"format": "xlsx"}),
    ]
    assert (results.read_bytes(), errors.read_bytes()) == (b"all", b"bad")
    assert done.stderr == f"shelfwise: 12 of 449 rows have errors: {errors} says why.\n"


def test_a_refusal_is_one_sentence(server: Scripted) -> None:
    server.script = [SIGNED_IN, (409, {"code": "JOB_ENDED", "detail": "The job has ended."})]

    done = jobs(server, "j1", "--cancel")

    assert (done.returncode, done.stderr) == (1, "shelfwise: The job has ended.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cancel"], "Say which job"),
        (["--results", "out.csv"], "Say which job"),
        (["j1", "--cancel", "--retry"], "exclude each other"),
        (["j1", "--results", "out.pdf"], "must end in one of .csv"),
        (["--status", "asleep"], "'--status'"),
        (["--limit", "0"], "'--limit'"),
    ],
)
def test_what_makes_no_sense_is_status_2(server: Scripted, arguments: list[str], said: str) -> None:
    done = jobs(server, *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert server.asked == []

"""`shelfwise classify` against a service that answers as it is told."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import shelfwise
from tests.cli.scripted import HANG_UP, SIGNED_IN, Scripted, job
from tests.support.waiting import wait_for

NOTHING_TO_REVIEW = (200, {"items": [], "next_cursor": None})
ACCEPTED = (202, job("queued", total=0))
SOON = {"Retry-After": "0"}
ALL = job("succeeded", succeeded=449)
SOME = job("partially_succeeded", succeeded=437, failed=12, reused=20)


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue in a folder of its own, which is not the one that the command is called in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "spring.csv"
    path.write_text("productid;Titre\n1;Chaise\n")
    return path


def classify(server: Scripted, *arguments: object) -> subprocess.CompletedProcess[str]:
    return shelfwise("classify", *arguments, "--url", server.url, SHELFWISE_PASSWORD="sesame")


def facts(said: str) -> dict[str, str]:
    """The summary at the end, by name."""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in said.splitlines())}


def test_results_are_written_here_and_status_0_says_that_every_row_has_a_prediction(
    server: Scripted, catalogue: Path
) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (200, job(), SOON), (200, ALL), (200, b"1,Chaise,10\n"), NOTHING_TO_REVIEW]

    done = classify(server, catalogue)

    assert (done.returncode, done.stderr) == (0, "")
    assert Path("spring.results.csv").read_bytes() == b"1,Chaise,10\n"
    assert sorted(path.name for path in Path().iterdir()) == ["data", "spring.results.csv"]
    submitted = server.asked[1]
    assert (submitted.path, submitted.query) == ("/api/catalogs", {"name": "spring.csv"})
    assert submitted.body == catalogue.read_bytes()
    assert [(asked.path, asked.query.get("format")) for asked in server.asked[4:5]] == [("/api/jobs/j1/results", "csv")]


def test_the_summary_says_what_came_of_it_and_how_it_was_read(server: Scripted, catalogue: Path) -> None:
    to_review = {"items": [{}] * 31, "next_cursor": None}
    server.script = [SIGNED_IN, ACCEPTED, (200, SOME), (200, b"all"), (200, b"bad"), (200, to_review)]

    said = facts(classify(server, catalogue).stdout)

    assert said["rows"] == "449 (437 succeeded, 12 failed, 20 reused)"
    assert said["time"] == "12.3 s, 36.5 rows/s"
    assert said["to review"] == "31"
    assert said["read as"] == "csv, utf-8, delimiter ';'"
    assert said["columns"] == "product_id=productid, designation=Titre"
    assert (said["results"], said["errors"]) == ("spring.results.csv", "spring.errors.csv")


def test_rows_with_errors_are_written_beside_the_results_and_make_status_1(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (200, SOME), (200, b"all"), (200, b"bad"), NOTHING_TO_REVIEW]

    done = classify(server, catalogue, "-o", "data/out.ndjson")

    assert done.returncode == 1
    assert done.stderr == "shelfwise: 12 of 449 rows have errors: data/spring.errors.csv says why.\n"
    assert Path("data/out.ndjson").read_bytes() == b"all"
    assert Path("data/spring.errors.csv").read_bytes() == b"bad"
    assert [asked.query.get("format") for asked in server.asked[3:5]] == ["ndjson", "csv"]


def test_rows_with_errors_are_written_also_where_the_results_cannot_be_made(server: Scripted, catalogue: Path) -> None:
    too_large = {"code": "TOO_LARGE_FOR_XLSX", "detail": "A worksheet holds 1048575 rows."}
    server.script = [SIGNED_IN, ACCEPTED, (200, SOME), (409, too_large), (200, b"bad"), NOTHING_TO_REVIEW]

    done = classify(server, catalogue, "-o", "out.xlsx")

    assert done.returncode == 1
    assert done.stderr.startswith("shelfwise: A worksheet holds 1048575 rows. `shelfwise jobs j1` shows the job")
    assert Path("spring.errors.csv").read_bytes() == b"bad"
    assert facts(done.stdout)["errors"] == "spring.errors.csv"
    assert not Path("out.xlsx").exists()


def test_a_failure_after_the_job_is_there_names_it(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (500, {"code": "INTERNAL", "detail": "Something is broken."})]

    done = classify(server, catalogue)

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("job j1: ")
    assert "Something is broken. `shelfwise jobs j1` shows the job" in done.stderr


@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        (job("failed", total=0, error={"code": "X", "message": "The file is no CSV."}), "The file is no CSV."),
        (job("canceled", total=0), "The job was canceled: 0 of 0 rows have a result."),
        (job("expired", total=0), "The job did not end before its deadline: 0 of 0 rows have a result."),
    ],
)
def test_a_job_that_came_to_nothing_says_why_and_leaves_no_file(
    server: Scripted, catalogue: Path, ended: dict[str, Any], sentence: str
) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (200, ended), NOTHING_TO_REVIEW]

    done = classify(server, catalogue)

    assert (done.returncode, done.stderr) == (1, f"shelfwise: {sentence}\n")
    assert [path.name for path in Path().iterdir()] == ["data"]


def test_what_a_canceled_job_has_come_to_is_fetched(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (200, job("canceled", succeeded=120)), (200, b"some"), NOTHING_TO_REVIEW]

    done = classify(server, catalogue)

    assert done.stderr == "shelfwise: The job was canceled: 120 of 449 rows have a result.\n"
    assert Path("spring.results.csv").read_bytes() == b"some"


def test_errors_of_an_earlier_time_are_said_to_be_that_and_kept(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (200, ALL), (200, b"all"), NOTHING_TO_REVIEW]
    Path("spring.errors.csv").write_text("mended by hand")

    done = classify(server, catalogue)

    assert facts(done.stdout)["errors"] == "none (spring.errors.csv is from an earlier time)"
    assert Path("spring.errors.csv").read_text() == "mended by hand"


def test_what_is_said_of_the_file_goes_along(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED]
    told = ("--name", "Printemps", "--encoding", "cp1252", "--delimiter", "tab", "--format", "tsv")
    columns = ("--columns", "designation=Titre, court", "--columns", "image=Photo=1")

    classify(server, catalogue, "--no-wait", *told, *columns)

    query = server.asked[1].query
    assert json.loads(query.pop("columns")) == {"designation": "Titre, court", "image": "Photo=1"}
    assert query == {"name": "Printemps", "encoding": "cp1252", "delimiter": "tab"}
    assert server.asked[1].headers["Content-Type"] == "text/tab-separated-values"


def test_without_waiting_it_says_how_to_go_on(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED]

    done = classify(server, catalogue, "--no-wait")

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "job j1: `shelfwise jobs j1 --watch` shows how far it is"
    assert len(server.asked) == 2


def test_a_folder_is_one_catalogue(server: Scripted, catalogue: Path) -> None:
    (catalogue.parent / "image_10_product_1.jpg").write_bytes(b"a photo")
    server.script = [SIGNED_IN, ACCEPTED, (200, ALL), (200, b"all"), NOTHING_TO_REVIEW]

    done = classify(server, catalogue.parent)

    assert done.returncode == 0
    with zipfile.ZipFile(io.BytesIO(server.asked[1].body)) as archive:
        assert archive.namelist() == ["spring.csv", "image_10_product_1.jpg"]
    assert Path("data.results.csv").exists()


def test_each_invocation_has_a_key_of_its_own_which_lost_connections_keep(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, HANG_UP, ACCEPTED, SIGNED_IN, ACCEPTED]

    for _ in range(2):
        assert classify(server, catalogue, "--no-wait").returncode == 0

    first, again, other = (asked.headers["Idempotency-Key"] for asked in server.asked if asked.path == "/api/catalogs")
    assert first == again != other


def test_ctrl_c_leaves_the_job_running_and_says_how_to_watch_it(server: Scripted, catalogue: Path) -> None:
    server.script = [SIGNED_IN, ACCEPTED, (200, job(), {"Retry-After": "60"})]
    command = [sys.executable, "-m", "cli", "classify", str(catalogue), "--url", server.url]
    environment = os.environ | {"SHELFWISE_PASSWORD": "sesame", "PYTHONPATH": str(Path(__file__).parents[2])}

    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which a shell's background jobs are not by default
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=heard) as process:
        wait_for(lambda: len(server.asked) == 3, 30, "a question about the job")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "The job goes on: `shelfwise jobs j1 --watch` shows it" in said
    assert not [asked for asked in server.asked if asked.path.endswith("/cancel")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "does not exist"),
        (["data/spring.csv", "--columns", "title=Titre"], "OURS is one of product_id"),
        (["data/spring.csv", "--columns", "designation"], "say OURS=THEIRS"),
        (["data/spring.csv", "--format", "pdf"], "'--format'"),
        (["data/spring.csv", "-o", "data/spring.csv"], "must be three files"),
        (["data/spring.csv", "-o", "data/../data/spring.csv"], "must be three files"),
        (["data/spring.csv", "-o", "out.csv", "--errors", "out.csv"], "must be three files"),
        (["data/spring.csv", "-o", "out.pdf"], "must end in one of .csv"),
        (["data/spring.csv", "-o", "nowhere/out.csv"], "cannot be written"),
        (["data/what"], "say with --format what it is"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_sent(
    server: Scripted, catalogue: Path, arguments: list[str], said: str
) -> None:
    (catalogue.parent / "what").touch()

    done = classify(server, *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert server.asked == []

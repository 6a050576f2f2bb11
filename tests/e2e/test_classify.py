"""`shelfwise classify` and `shelfwise jobs` with everything real behind them."""

import csv
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import shelfwise
from tests.support.photos import jpeg
from tests.support.service import PASSWORD, Service

LUMA = Path(__file__).parents[3] / "shared" / "data" / "luma"
HEADER = "Référence;Titre;Prix"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what a command writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return tmp_path


def run(service: Service, *arguments: object) -> subprocess.CompletedProcess[str]:
    return shelfwise(*arguments, "--url", service.url, SHELFWISE_PASSWORD=PASSWORD)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def job_in(said: str) -> str:
    found = re.search(r"^job:? +([0-9a-f-]{36})", said, re.M)
    assert found is not None, said
    return found[1]


COLUMNS = ("--columns", "product_id=Référence", "--columns", "designation=Titre")


def test_every_row_of_a_table_gets_a_prediction_beside_its_own_columns(service: Service, here: Path) -> None:
    catalogue = here / "spring.csv"
    catalogue.write_text(f"{HEADER}\nA1;Chaise longue;59,90\nA2;Piscine gonflable;19,90\n", encoding="cp1252")

    done = run(service, "classify", catalogue, *COLUMNS)

    assert (done.returncode, done.stderr) == (0, "")
    rows = rows_of(here / "spring.results.csv")
    assert [(row["Référence"], row["Titre"], row["Prix"], row["status"]) for row in rows] == [
        ("A1", "Chaise longue", "59,90", "succeeded"),
        ("A2", "Piscine gonflable", "19,90", "succeeded"),
    ]
    assert all(row["prediction"] for row in rows)
    assert "read as:     csv, windows-1252, delimiter ';'" in done.stdout
    assert "columns:     product_id=Référence, designation=Titre" in done.stdout


def test_rows_with_errors_are_mended_in_their_file_and_sent_again(service: Service, here: Path) -> None:
    catalogue = here / "spring.csv"
    catalogue.write_text(f"{HEADER}\nA1;Chaise longue;59,90\nA2;;19,90\n", encoding="utf-8")

    done = run(service, "classify", catalogue, *COLUMNS)

    assert (done.returncode, done.stderr) == (1, "shelfwise: 1 of 2 rows have errors: spring.errors.csv says why.\n")
    errors = here / "spring.errors.csv"
    (bad,) = rows_of(errors)
    assert (bad["Référence"], bad["error_row"]) == ("A2", "2")
    mended = errors.read_text(encoding="utf-8").replace('"A2","",', '"A2","Table basse",')
    errors.write_text(mended, encoding="utf-8")

    again = run(service, "classify", errors, *COLUMNS)

    assert (again.returncode, again.stderr) == (0, "")
    assert [row["status"] for row in rows_of(here / "spring.errors.results.csv")] == ["succeeded"]


def test_a_folder_with_photos_is_one_catalogue(service: Service, here: Path) -> None:
    folder = here / "spring"
    (folder / "images").mkdir(parents=True)
    (folder / "X_test.csv").write_text("productid,imageid,designation\n1,10,Chaise\n2,20,Table\n", encoding="utf-8")
    (folder / "images" / "image_10_product_1.jpg").write_bytes(jpeg())

    done = run(service, "classify", folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert [row["modality"] for row in rows_of(here / "spring.results.csv")] == ["text+image", "text"]


def test_a_file_that_is_no_catalogue_fails_its_job_with_a_sentence(service: Service, here: Path) -> None:
    (here / "spring.xlsx").write_bytes(b"no workbook")

    done = run(service, "classify", "spring.xlsx")

    assert done.returncode == 1
    assert re.fullmatch(r"shelfwise: .+\n", done.stderr)
    assert not (here / "spring.results.csv").exists()


def test_a_job_is_left_alone_and_watched_fetched_and_run_again_later(service: Service, here: Path) -> None:
    import pyarrow.parquet

    (here / "spring.ndjson").write_text('{"designation": "Chaise"}\n{"designation": "Table"}\n', encoding="utf-8")

    job_id = job_in(run(service, "classify", "spring.ndjson", "--no-wait").stdout)
    watched = run(service, "jobs", job_id, "--watch", "--results", "out.parquet")
    rerun = run(service, "jobs", job_id, "--rerun", "--watch")
    listed = run(service, "jobs", "--limit", 2)

    assert (watched.returncode, watched.stderr) == (0, "")
    table: Any = pyarrow.parquet.read_table(here / "out.parquet")
    assert table.column("designation").to_pylist() == ["Chaise", "Table"]
    assert table.column("status").to_pylist() == ["succeeded"] * 2
    assert (rerun.returncode, rerun.stderr) == (0, "")
    assert f"repeats:     {job_id} (0 changes)" in rerun.stdout
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == [job_in(rerun.stdout), job_id]


@pytest.mark.skipif(not LUMA.is_dir(), reason=f"needs a real shop's catalogue in {LUMA}")
def test_a_real_shops_folder_is_classified_whole(service: Service, here: Path) -> None:
    with (LUMA / "products.csv").open(newline="", encoding="utf-8") as file:
        products = list(csv.DictReader(file))

    done = run(service, "classify", LUMA, "--errors", "errors.csv")

    assert (done.returncode, done.stderr) == (0, "")
    rows = rows_of(here / "luma.results.csv")
    assert [row["productid"] for row in rows] == [product["productid"] for product in products]
    assert [row["designation"] for row in rows] == [product["designation"] for product in products]
    assert {row["status"] for row in rows} == {"succeeded"}
    assert "text+image" in {row["modality"] for row in rows}

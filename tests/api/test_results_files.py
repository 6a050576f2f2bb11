"""A catalogue's results as files: which rows and columns are in them, whatever came of the job."""

import gzip
import io
import zipfile

import httpx
import pytest
from sqlalchemy import select

from shared.catalogues.source import Format
from shared.store import ObjectStore
from shared.tables import Job
from shared.users import Account
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.result_files import BOTH, CATALOGUE, OURS, catalogue_job, csv_records, csv_rows, fetched, table_of
from tests.support.ledger import ANSWER
from tests.support.results import add_job, answered, failed, stored_source, waiting


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


def test_a_zip_comes_back_as_the_table_in_it(api: RunningApi, account: Account, client: httpx.Client) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("products.csv", CATALOGUE)
        archive.writestr("images/a.jpg", b"a photo")
    job_id = catalogue_job(api, account, file.getvalue(), [answered(ANSWER)] * 3, Format.ZIP)

    assert [row["productid"] for row in csv_records(fetched(client, job_id, "csv"))] == ["007", "8", "9"]


def test_while_the_job_runs_rows_that_wait_are_blank(api: RunningApi, account: Account, client: httpx.Client) -> None:
    """The second row waits, and the third has not even been read."""
    rows = [answered(ANSWER), waiting()]
    job_id = catalogue_job(api, account, CATALOGUE.encode(), rows, status="running", intake_done=False)

    found = csv_records(fetched(client, job_id, "csv"))

    assert [row["status"] for row in found] == ["succeeded", "running", "running"]
    assert [row["prediction"] for row in found] == ["2582", "", ""]
    assert [row["productid"] for row in found] == ["007", "8", "9"]


def test_a_job_of_failed_rows_has_those_alone(api: RunningApi, account: Account, client: httpx.Client) -> None:
    rows = [answered(ANSWER, row=0), answered(ANSWER, row=2)]
    job_id = catalogue_job(api, account, CATALOGUE.encode(), rows, failed_of="some-job")

    assert [row["productid"] for row in csv_records(fetched(client, job_id, "csv"))] == ["007", "9"]
    assert table_of(fetched(client, job_id, "parquet"))["productid"].to_pylist() == ["007", "9"]


def test_labelled_products_have_succeeded_once_they_are_stored(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    rows = [failed("UNKNOWN_CATEGORY", "There is no category 7.", "prdtypecode", row=1)]
    job_id = catalogue_job(api, account, CATALOGUE.encode(), rows, kind="ingest", status="partially_succeeded")

    found = csv_records(fetched(client, job_id, "csv"))

    assert [row["status"] for row in found] == ["succeeded", "failed", "succeeded"]


def test_a_column_of_ours_gives_way_to_the_files_own(api: RunningApi, account: Account, client: httpx.Client) -> None:
    catalogue = b"designation,status,prediction,shelfwise_prediction\nLampe,sold,mine,too\n"
    job_id = catalogue_job(api, account, catalogue, [answered(ANSWER)])

    (row,) = csv_records(fetched(client, job_id, "csv"))

    assert (row["status"], row["prediction"], row["shelfwise_prediction"]) == ("sold", "mine", "too")
    assert (row["shelfwise_status"], row["shelfwise_shelfwise_prediction"]) == ("succeeded", "2582")
    assert row["confidence"] == "0.9"


def test_results_can_be_sent_again_and_fetched_again(api: RunningApi, account: Account, client: httpx.Client) -> None:
    first = catalogue_job(api, account, CATALOGUE.encode(), [answered(BOTH)] * 3)
    again = catalogue_job(api, account, fetched(client, first, "csv"), [answered(ANSWER)] * 3)

    (row, second, _) = csv_records(fetched(client, again, "csv"))

    assert (row["modality"], row["shelfwise_modality"]) == ("text+image", "text")
    assert (row["productid"], row["Titre"]) == ("007", 'Chaise "longue"\nbleue')
    assert (second["Titre"], second["Prix, €"]) == ("'=1+1", "'-5")


def test_rows_that_cannot_be_read_keep_what_could_be(api: RunningApi, account: Account, client: httpx.Client) -> None:
    catalogue = b"title,b,c\n1,2\n1,2,3\n1,2,3,4\n"
    rows = [failed("MALFORMED_ROW", "x"), answered(ANSWER), failed("MALFORMED_ROW", "x")]
    job_id = catalogue_job(api, account, catalogue, rows)

    found = csv_records(fetched(client, job_id, "csv"))

    assert [row["status"] for row in found] == ["failed", "succeeded", "failed"]
    assert [row["title"] for row in found] == ["1", "1", "1"]
    assert [len(row) for row in csv_rows(fetched(client, job_id, "csv"))] == [3 + len(OURS)] * 4
    assert table_of(fetched(client, job_id, "parquet")).num_rows == 3


def test_a_file_that_breaks_off_has_the_results_up_to_there(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    lines = [f"{number},Lampe {number:x}" for number in range(20_000)]
    whole = gzip.compress("\n".join(["productid,title", *lines]).encode())
    source = stored_source(api.settings, whole)
    ObjectStore(api.settings.store).put(source.key, whole[: len(whole) // 2])
    error = {"code": "UNREADABLE_CATALOGUE", "message": "The file breaks off."}
    failed_there = add_job(api.database, account.id, source, [answered(ANSWER)], status="failed", error=error)
    was_whole = add_job(api.database, account.id, source, [answered(ANSWER)])

    found = csv_records(fetched(client, failed_there, "csv"))

    assert 0 < len(found) < 20_000
    assert [row["productid"] for row in found] == [str(number) for number in range(len(found))]
    assert [row["status"] for row in found[:2]] == ["succeeded", "failed"]
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(f"/api/jobs/{was_whole}/results?format=csv")


def test_a_file_that_is_missing_says_so(api: RunningApi, account: Account, client: httpx.Client) -> None:
    job_id = catalogue_job(api, account, CATALOGUE.encode(), [answered(ANSWER)] * 3)
    ObjectStore(api.settings.store).delete([source_of(api, job_id)])

    assert_problem(client.get(f"/api/jobs/{job_id}/results?format=csv"), 503, "UNAVAILABLE")


def source_of(api: RunningApi, job_id: str) -> str:
    with api.database.read() as connection:
        return str(connection.scalar(select(Job.source_key).where(Job.id == job_id)))


def test_a_file_nobody_has_looked_into_has_no_results_yet(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    source = stored_source(api.settings, b"designation\nLampe\n").model_copy(update={"layout": None})
    waits = add_job(api.database, account.id, source, [], status="queued", intake_done=False)
    unreadable = add_job(api.database, account.id, source, [], status="failed")

    assert_problem(client.get(f"/api/jobs/{waits}/results?format=csv"), 409, "FILE_NOT_READ_YET")
    assert client.get(f"/api/jobs/{waits}/results").json()["items"] == []
    assert csv_rows(fetched(client, unreadable, "csv")) == [OURS]

"""`shelfwise labels`: how much there is to train on, and how much of it is new."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from cli.times import time_of
from shared.database import Database
from shared.errors import InvalidInput
from shared.tables import Product
from tests.cli.command import shelfwise


@pytest.fixture
def data_dir(sqlite_url: str, tmp_path: Path) -> Path:
    """A data folder with three products: one of the spring, one of the summer, and one of the spring changed then."""
    database = Database(sqlite_url)
    spring, summer = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    times = {"old": (spring, spring), "new": (summer, summer), "changed": (spring, summer)}
    with database.begin() as connection:
        for product_id, (made, changed) in times.items():
            row = {"product_id": product_id, "prdtypecode": 10, "created_at": made, "updated_at": changed}
            connection.execute(insert(Product).values(row))
    database.close()
    return tmp_path / "data"


def test_it_says_how_much_there_is(data_dir: Path) -> None:
    done = shelfwise("labels", "--data-dir", data_dir)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "in all: 3 products, 0 corrected predictions"


def test_an_interval_as_json(data_dir: Path) -> None:
    interval = ("--since", "2026-06-01", "--until", "2026-08-01T02:00:00+02:00")

    done = shelfwise("labels", *interval, "--json", "--data-dir", data_dir)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "since": "2026-06-01T00:00:00+00:00",
        "until": "2026-08-01T00:00:00+00:00",
        "new": 2,
        "products_new": 1,
        "products_changed": 1,
        "corrections": 0,
        "products_total": 3,
        "corrections_total": 0,
    }


def test_what_is_no_time_is_one_sentence(data_dir: Path) -> None:
    done = shelfwise("labels", "--since", "yesterday", "--data-dir", data_dir)

    sentence = "shelfwise: --since must be a date or a time like 2026-11-20T09:30:00Z.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.parametrize("written", ["", "2026-13-01", "0001-01-01T00:00:00+14:00", "12"])
def test_times_that_are_none_are_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        time_of(written, "--since")

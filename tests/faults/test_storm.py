"""Everything goes wrong at once, for some seconds; `make faults` does it for minutes.

Each accepted id is terminal, each row has one result, and the right one, and everybody who listens has been told.
"""

from pathlib import Path

import pytest

from tests.conftest import require_postgres
from tests.faults.storm.reckoning import reckon
from tests.faults.storm.summary import summary
from tests.faults.storm.weather import storm

SECONDS, SEED = 15, 36
PAUSES_SECONDS = 0.5, 1.3  # so that every fault has its turn
JOBS = 200


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_accepted_ends_once_and_is_told_whatever_goes_wrong(tmp_path: Path, database: str) -> None:
    if database == "postgresql":
        require_postgres()
    with storm(SECONDS, SEED, database, tmp_path, PAUSES_SECONDS, JOBS) as over:
        found = reckon(over)

    assert not found.faults, summary(over, found)
    assert found.figures["jobs ended"] >= JOBS
    assert found.figures["poisoned rows with an error"] > 0

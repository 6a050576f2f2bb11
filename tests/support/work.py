"""What a worker does with jobs, for tests that have none."""

from shared.database import Database
from shared.identifiers import new_id
from shared.lanes import Lane
from shared.ledger.claim import Claim, claim, claimed_rows
from shared.ledger.finish import Outcome, finish
from tests.support.ledger import ANSWER, LEASE


def start_work(database: Database) -> list[Claim]:
    """Claim everything that waits on the interactive lane."""
    with database.begin() as connection:
        return claim(connection, Lane.INTERACTIVE, new_id(), LEASE)


def end_work(database: Database, claims: list[Claim], outcome: Outcome = ANSWER) -> None:
    """Finish claims with the same outcome for every row."""
    with database.begin() as connection:
        finish(connection, claims, [(row, outcome) for row in claimed_rows(connection, claims)])


def do_work(database: Database, outcome: Outcome = ANSWER) -> None:
    """Claim and finish everything that waits."""
    while claims := start_work(database):
        end_work(database, claims, outcome)

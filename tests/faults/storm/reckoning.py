"""The reckoning: what the database, the store and the receivers have, against what was promised."""

from contextlib import closing
from hashlib import sha256

from sqlalchemy import Connection, select

from shared.database import Database
from shared.images import image_key
from shared.ledger.audit import contradictions
from shared.tables import Prediction
from tests.faults.storm.findings import Findings
from tests.faults.storm.submissions import check_submissions
from tests.faults.storm.told import check_deliveries
from tests.faults.storm.weather import CALM_SECONDS, Storm


def reckon(storm: Storm) -> Findings:
    """Look at everything that a storm has left behind."""
    found = Findings()
    with closing(Database(storm.database_url)) as database, database.read() as connection:
        _damage(connection, found)
        pairs = check_submissions(connection, storm.customers, found)
        check_deliveries(connection, storm.receivers, pairs, found)
        _photos(storm, connection, found)
    if not storm.is_calm:
        found.add("not over", f"{CALM_SECONDS:g} s later not all had ended, only {list(storm.calm_after)}")
    if storm.ended_by is not None:
        found.add("not over", f"`shelfwise up` ended with {storm.ended_by}")
    for customer in storm.customers:
        for sentence in customer.strange:
            found.add("strange", sentence)
    return found


def _damage(connection: Connection, found: Findings) -> None:
    """What the database itself finds, and what the ledger says that cannot be."""
    if connection.dialect.name == "sqlite":
        for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
            if said != "ok":
                found.add("damaged", str(said))
        for said in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            found.add("damaged", f"a key leads nowhere: {tuple(said)}")
    for sentence in contradictions(connection):
        found.add("damaged", sentence)


def _photos(storm: Storm, connection: Connection, found: Findings) -> None:
    """Every photo that a row names is in the store, whole."""
    named = select(Prediction.image).where(Prediction.image.is_not(None)).distinct()
    for name in map(str, connection.scalars(named)):
        found.figures["photos"] += 1
        try:
            whole = sha256(storm.store.get(image_key(name))).hexdigest() == name
        except FileNotFoundError:
            whole = False
        if not whole:
            found.add("damaged", f"the photo {name} is not in the store as it should be")

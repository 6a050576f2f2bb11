"""What restores have left in the data folder: half of one, or what was there before."""

from collections.abc import Iterator

from cli.checks.findings import Finding, Patient, fail, ok, warn
from cli.checks.ledger import sqlite_file
from cli.data_folder import unfinished_restore
from cli.restore_places import ARRIVING, BEFORE, Places


def check_restores(patient: Patient) -> Iterator[Finding]:
    """A restore that was killed, and what another has moved aside."""
    if sqlite_file(patient.settings) is None:
        return
    places, found = Places.of(patient.settings), 0
    what_to_do = unfinished_restore(patient.settings.data_dir)
    if what_to_do is not None:
        yield fail("restore", what_to_do)
    for half in places.named(ARRIVING).existing():
        found += 1
        yield warn("restore", f"{half} is left of a restore that was killed: delete it, or restore again.")
    for place in (places.database, places.store):
        for aside in place.parent.glob(f"{place.name}.{BEFORE}*") if place is not None else ():
            found += 1
            yield warn("restore", f"{aside} is what was there before a restore: delete it when nobody misses it.")
    if what_to_do is None and not found:
        yield ok("restore", "None has left anything.")

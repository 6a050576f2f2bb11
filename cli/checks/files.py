"""Every file that a row needs is in the store, and none that nobody needs any more."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from cli.checks.findings import Finding, Patient, fail, ok, warn
from cli.checks.ledger import opened_database
from cli.checks.objects import store_is_missing
from shared.catalogues.files import AT_ONCE, keeps_file, kept_files, stray_files
from shared.database import Database
from shared.identifiers import now
from shared.image_collection import FOLDERS, named_photos
from shared.images import image_key, photos_in
from shared.schema import is_usable
from shared.store import ObjectStore

FORGOTTEN = timedelta(days=3)  # io workers remove after one or two what they find
SHOWN = 5


def check_files(patient: Patient) -> Iterator[Finding]:
    """The photos and catalogues of all rows, with their sizes; and what lies among them and belongs to none."""
    settings = patient.settings
    with opened_database(settings, impatient=False) as database:
        if database is None or store_is_missing(settings) or not is_usable(database):
            return
        store = ObjectStore(settings.store)
        seen, missing, strays = _photos(database, store)
        yield _needed("photos", seen, missing)
        yield _needed("catalogues", *_catalogues(database, store))
        strays += sum(map(len, stray_files(database, store, FORGOTTEN)))
        if strays:
            yield warn(
                "leftovers",
                f"{strays} files in the store belong to no row for more than {FORGOTTEN.days} days: io workers should "
                "have removed them, and their log says why they have not.",
            )
        else:
            yield ok("leftovers", "Nothing lies in the store that belongs to no row.")


def _needed(subject: str, seen: int, missing: Sequence[str]) -> Finding:
    if not missing:
        return ok(subject, f"All {seen} are in the store, as large as they should be.")
    named = ", ".join(missing[:SHOWN]) + (", …" if len(missing) > SHOWN else "")
    return fail(
        subject,
        f"{len(missing)} of {seen} are not in the store, or of another size there: bring them back from a backup "
        f"({named}).",
    )


def _photos(database: Database, store: ObjectStore) -> tuple[int, list[str], int]:
    """How many photos have a row, those that are missing, and how many have a file and no row for long.

    Rows are read before files, whose row comes later: a row without a file is none of a photo that just arrives. Nor
    of one that just goes, if some row names it.
    """
    seen, strays, oldest = 0, 0, now() - FORGOTTEN
    missing: list[str] = []
    for folder in range(FOLDERS):
        with database.read() as connection:
            rows = photos_in(connection, f"{folder:02x}")
        files = {found.key.rpartition("/")[2]: found for found in store.objects(f"images/{folder:02x}")}
        wrong = [sha256 for sha256, size in rows.items() if sha256 not in files or files[sha256].size != size]
        if wrong:
            with database.read() as connection:
                needed = named_photos(connection, wrong)
            missing += [sha256 for sha256 in sorted(needed) if store.size(image_key(sha256)) != rows[sha256]]
        seen += len(rows)
        strays += sum(name not in rows and found.modified_at < oldest for name, found in files.items())
    return seen, missing, strays


def _catalogues(database: Database, store: ObjectStore) -> tuple[int, list[str]]:
    """How many jobs have a file, and the keys of those that are missing.

    A file goes after its job was marked as deleted or cleared, so that it is enough to ask for the job once more.
    """
    seen, after = 0, ""
    missing: dict[str, str] = {}
    while True:
        with database.read() as connection:
            jobs = kept_files(connection, after, AT_ONCE)
        if not jobs:
            break
        seen, after = seen + len(jobs), jobs[-1][0]
        missing |= {job_id: key for job_id, key, size in jobs if store.size(key) != size}
    with database.read() as connection:
        return seen, [key for job_id, key in missing.items() if keeps_file(connection, job_id)]

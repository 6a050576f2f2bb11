"""Fetch: rows that name their photo by URL go on to a model once it is here, or end with an error.

A fetch batch waits on the lane `io`. When it is done, its rows whose photos have arrived are a predict batch of
the same job, last in its owner's line; those of labelled data are products (`ingest.py`). What an account got from a
URL is remembered with its ETag, so that the next row need not have it sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from shared.errors import QuotaFull, Unauthenticated
from shared.fetched_photos import KnownPhoto, known_photos, remember_photos
from shared.image_collection import settle_images
from shared.lanes import Lane
from shared.ledger.claim import Claim, lock_held
from shared.ledger.finish import RowError, write_errors
from shared.ledger.ingest import store_fetched
from shared.ledger.locks import lock_jobs
from shared.ledger.reuse import reuse_key
from shared.ledger.settle import Ended, Tally, settle
from shared.ledger.submission import ProductInput
from shared.ledger.turns import next_turn
from shared.lifecycle import BatchState, move
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction
from shared.usage import Quotas, charge, new_photo_bytes


@dataclass(frozen=True, slots=True)
class FetchRow:
    """One product of a claimed batch whose photo is to be fetched; `known` is what its URL led its owner to before."""

    prediction_id: int
    batch_id: int
    job_id: str
    owner_id: str
    image_url: str
    known: KnownPhoto | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that is in the store; `etag` is what its host called it, if that can be asked for again."""

    sha256: str
    size: int
    etag: str | None = None


FetchOutcome: TypeAlias = Photo | RowError
_Owned: TypeAlias = Row[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of fetch batches: the jobs that ended, and the lanes that have work now, each with one of its jobs."""

    ended: Ended
    ready: Mapping[Lane, str]


def fetch_rows(connection: Connection, claims: Sequence[Claim]) -> list[FetchRow]:
    """The unfinished rows of claimed batches, batch by batch in input order."""
    found = connection.execute(_ROWS, {"batches_": [held.batch_id for held in claims]})
    rows = [FetchRow(*row) for row in found]  # type: ignore[arg-type]  # they are set: rows of fetch batches have URLs
    known = known_photos(connection, {(row.owner_id, row.image_url) for row in rows})
    return [replace(row, known=known.get((row.owner_id, row.image_url))) for row in rows]


def fetched(
    connection: Connection,
    store: ObjectStore,
    claims: Sequence[Claim],
    outcomes: Sequence[tuple[FetchRow, FetchOutcome]],
    quotas: Quotas,
) -> Fetched:
    """Close the claims' batches, charge their owners, and send the rows whose photos have arrived on to a model.

    Rows of labelled data are stored as products instead, whose photos count for nobody.

    A batch whose lease was lost, or whose job was canceled, is passed over with all its rows, as in `finish`.
    Raises Unavailable when a photo has been collected since it was stored: it must be fetched again.
    """
    held = set(lock_held(connection, claims))
    jobs = lock_jobs(connection, {each.job_id for each in claims if each.batch_id in held})
    tallies = {job.id: Tally() for job in jobs}
    batches = connection.execute(
        _OWNED, {"batches_": [each.batch_id for each in claims if each.batch_id in held and each.job_id in tallies]}
    ).all()
    connection.execute(_DONE, {"batches_": [batch.id for batch in batches]})
    paid = _charge(connection, batches, outcomes, quotas)
    settle_images(connection, store, _photos(paid), _photos(outcomes))
    ready, labelled = {}, dict[int, tuple[str, int]]()
    for batch in batches:
        arrived = [(row, outcome) for row, outcome in paid if row.batch_id == batch.id and isinstance(outcome, Photo)]
        if arrived and batch.kind == "ingest":
            labelled |= {row.prediction_id: (photo.sha256, photo.size) for row, photo in arrived}
            tallies[batch.job_id].succeeded += len(arrived)
        elif arrived:
            ready[_pass_on(connection, batch, arrived)] = batch.job_id
    store_fetched(connection, store, labelled)  # all at once: products are locked in the order of their ids
    errors = [(row, outcome) for row, outcome in paid if isinstance(outcome, RowError)]
    for row, _ in errors:
        tallies[row.job_id].failed += 1
    write_errors(connection, [(row.prediction_id, error) for row, error in errors])
    done = Fetched(settle(connection, jobs, tallies), ready)
    _remember(connection, paid)  # last: it locks the accounts
    return done


def _charge(
    connection: Connection,
    batches: Sequence[_Owned],
    outcomes: Sequence[tuple[FetchRow, FetchOutcome]],
    quotas: Quotas,
) -> list[tuple[FetchRow, FetchOutcome]]:
    """The outcomes of these batches' rows, with an error in place of each photo that its owner may not hold."""
    owners = {batch.id: batch.owner_id for batch in batches if batch.kind != "ingest"}
    ours = {batch.id for batch in batches}
    mine = [(row, outcome) for row, outcome in outcomes if row.batch_id in ours]
    photos: dict[str, dict[str, int]] = {}
    for row, outcome in mine:
        if isinstance(outcome, Photo) and row.batch_id in owners:
            photos.setdefault(owners[row.batch_id], {})[outcome.sha256] = outcome.size
    refused: dict[tuple[str | None, str], RowError] = {}
    for owner_id in sorted(photos):  # in one order, as everywhere that several are locked
        for sha256, error in _refused(connection, owner_id, photos[owner_id], quotas).items():
            refused[owner_id, sha256] = error
    return [
        (
            row,
            refused.get((owners.get(row.batch_id), outcome.sha256), outcome) if isinstance(outcome, Photo) else outcome,
        )
        for row, outcome in mine
    ]


def _refused(connection: Connection, owner_id: str, photos: Mapping[str, int], quotas: Quotas) -> dict[str, RowError]:
    """Charge an account for these photos (sizes by SHA-256); returns those that it may not hold.

    They are charged together, or, where that is too much, one by one, so that what fits is taken.
    """
    try:
        with connection.begin_nested():
            charge(connection, owner_id, 0, new_photo_bytes(connection, owner_id, photos), quotas)
    except (QuotaFull, Unauthenticated) as error:
        if len(photos) == 1:
            return dict.fromkeys(photos, RowError(error.code, error.message))
        refused: dict[str, RowError] = {}
        for sha256, size in photos.items():
            refused |= _refused(connection, owner_id, {sha256: size}, quotas)
        return refused
    return {}


def _photos(outcomes: Sequence[tuple[FetchRow, FetchOutcome]]) -> dict[str, int]:
    """The sizes by SHA-256 of the photos that have arrived."""
    return {outcome.sha256: outcome.size for _, outcome in outcomes if isinstance(outcome, Photo)}


def _remember(connection: Connection, outcomes: Sequence[tuple[FetchRow, FetchOutcome]]) -> None:
    """Remember the photos that have arrived under an ETag."""
    photos = [(row, outcome) for row, outcome in outcomes if isinstance(outcome, Photo)]
    got = [((row.owner_id, row.image_url), photo.sha256, photo.etag) for row, photo in photos if photo.etag is not None]
    remember_photos(connection, got)


def _pass_on(connection: Connection, batch: _Owned, arrived: Sequence[tuple[FetchRow, Photo]]) -> Lane:
    """Make a predict batch of the rows of a fetch batch whose photos have arrived; returns its lane."""
    lane = Lane.INTERACTIVE if batch.kind == "product" else Lane.BULK
    batch_id = connection.execute(
        insert(Batch)
        .values(
            job_id=batch.job_id,
            owner_id=batch.owner_id,
            kind="predict",
            lane=lane,
            rows=len(arrived),
            photos=len(arrived),
            turn=next_turn(connection, lane, batch.owner_id),
        )
        .returning(Batch.id)
    ).scalar_one()
    texts = connection.execute(_TEXTS, {"rows_": [row.prediction_id for row, _ in arrived]})
    inputs = {row_id: (designation, description) for row_id, designation, description in texts}
    changes = []
    for row, photo in arrived:
        designation, description = inputs[row.prediction_id]
        seen = ProductInput(designation=designation, description=description, image=photo.sha256)
        input_hash = seen.input_hash
        changes.append(
            {
                "id_": row.prediction_id,
                "batch_": batch_id,
                "image_": photo.sha256,
                "hash_": input_hash,
                "reuse_": reuse_key(batch.owner_id, input_hash),
            }
        )
    connection.execute(_ARRIVED, changes)
    return lane


_ROWS = (
    select(Prediction.id, Prediction.batch_id, Prediction.job_id, Prediction.owner_id, Prediction.image_url)
    .where(Prediction.batch_id.in_(bindparam("batches_", expanding=True)), Prediction.finished_at.is_(None))
    .order_by(Prediction.batch_id, Prediction.row)
)
_OWNED = (
    select(Batch.id, Batch.job_id, Batch.owner_id, Job.kind)
    .join(Job, Job.id == Batch.job_id)
    .where(Batch.id.in_(bindparam("batches_", expanding=True)))
    .order_by(Batch.id)
)
_DONE = (
    move(Batch.state, BatchState.DONE)
    .where(Batch.id.in_(bindparam("batches_", expanding=True)))
    .values(lease_until=None)
)
_TEXTS = select(Prediction.id, Prediction.designation, Prediction.description).where(
    Prediction.id.in_(bindparam("rows_", expanding=True))
)
_ARRIVED = (
    update(Prediction)
    .where(Prediction.id == bindparam("id_"))
    .values(
        batch_id=bindparam("batch_"),
        image=bindparam("image_"),
        input_hash=bindparam("hash_"),
        reuse_key=bindparam("reuse_"),
    )
)

"""Intake: a file's rows come into the ledger, some hundred at a time, together with the position behind them.

One transaction holds them all: rows that are to be predicted in batches of their own, rows that cannot be used with
their errors, what the account is charged, and where to go on. So whoever reads on after a crash begins exactly
behind the last row that is here, and predicting overlaps reading.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, insert, select, update

from shared.catalogues.reading import Position
from shared.catalogues.source import Layout, Source
from shared.errors import QuotaFull, Unauthenticated
from shared.identifiers import now
from shared.image_collection import settle_images
from shared.lanes import CAPACITY, FETCH_CLAIM, PHOTO_COST, Lane
from shared.ledger.cancel import fail_job
from shared.ledger.claim import Claim, lock_held
from shared.ledger.finish import RowError
from shared.ledger.locks import lock_jobs
from shared.ledger.reuse import reuse_key
from shared.ledger.settle import Ended, Tally, settle
from shared.ledger.submission import ProductInput
from shared.ledger.turns import next_turn
from shared.lifecycle import BatchState, in_states, move
from shared.many_rows import ManyRows, moment
from shared.products import LabelledInput, store_products
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction
from shared.usage import Quotas, charge, lock_rows_left, new_photo_bytes

PHOTOS = CAPACITY[Lane.BULK] // PHOTO_COST  # in one batch
NOTHING = ProductInput()
EMPTY = RowError("EMPTY_CATALOGUE", "The file has a header and no rows.")
NOTHING_LEFT = RowError("ROWS_GONE", "The rows that were to be run again are no longer kept.")


@dataclass(frozen=True, slots=True)
class IntakeJob:
    """A file that is being read: whose it is, how it is read, and where to go on (None: at its beginning)."""

    job_id: str
    owner_id: str
    kind: str
    source: Source
    position: Position | None


class IntakeRow(NamedTuple):
    """A row of a file under its number: a product, its category's `label` if it has one, or why it is none."""

    number: int
    product: ProductInput = NOTHING
    image_id: str | None = None
    label: int | None = None
    error: RowError | None = None


_BatchRows: TypeAlias = tuple[Sequence[IntakeRow], int]


@dataclass(slots=True)
class Chunk:
    """Some rows of a file, and where it goes on behind them.

    `photos` are the sizes by SHA-256 of all that these rows name, their own and stored products'; they are in the
    store, or were lately.
    `is_last` says that no row follows.
    """

    rows: list[IntakeRow]
    photos: dict[str, int]
    layout: Layout
    position: Position
    read_share: float
    is_last: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a chunk: the lanes that have work now, the job if it has ended, and whether to go on.

    A claim that was `handed_over` waits in line again, behind somebody else's file.
    """

    ready: set[Lane] = field(default_factory=set)
    ended: Ended = field(default_factory=Ended)
    handed_over: bool = False


def intake_job(connection: Connection, claim: Claim) -> IntakeJob | None:
    """The file that a claimed intake reads; None for a job that has none any more."""
    found = connection.execute(
        select(Job.id, Job.owner_id, Job.kind, Job.source, Batch.position)
        .join(Batch, Batch.job_id == Job.id)
        .where(Batch.id == claim.batch_id)
    ).one_or_none()
    source = None if found is None else Source.of(found.source)
    if found is None or source is None:
        return None
    return IntakeJob(found.id, found.owner_id, found.kind, source, found.position)


def wanted_rows(connection: Connection, source: Source, after: int, limit: int) -> Sequence[int]:
    """The numbers of up to `limit` rows that a job with such a partial source has, in order, behind the row `after`.

    They are another job's, all of them or those that have errors; it is kept for as long as this one is open.
    """
    rows = select(Prediction.row).where(Prediction.row > after).order_by(Prediction.row).limit(limit)
    if source.failed_of is not None:
        rows = rows.where(Prediction.job_id == source.failed_of, Prediction.error.is_not(None))
    else:
        rows = rows.where(Prediction.job_id == source.rows_of)
    return connection.scalars(rows).all()


def commit_chunk(
    connection: Connection,
    store: ObjectStore,
    claim: Claim,
    job: IntakeJob,
    chunk: Chunk,
    quotas: Quotas,
    *,
    may_hand_over: bool = True,
) -> Committed | None:
    """Enter a chunk, if the claim is held, the job open, and its account there; None, having done nothing, if not.

    What the account has no quota left for is a row error. Raises Unavailable when a photo was collected since it was
    last used: it must be stored again.
    """
    if not lock_held(connection, [claim]) or not lock_jobs(connection, [job.job_id]):
        return None
    try:
        rows = _charged(connection, store, job, chunk, quotas)
    except Unauthenticated:  # the account has been deleted; the eraser cancels what it has running
        return None
    good, bad = [row for row in rows if row.error is None], [row for row in rows if row.error is not None]
    stored = 0
    if job.kind == "ingest":
        to_fetch = _store_labelled(connection, store, good, chunk.photos)
        good, stored = to_fetch, len(good) - len(to_fetch)
    ready = _enter(connection, job, good, bad)
    _advance(connection, claim, job, chunk, len(rows))
    if chunk.is_last:
        connection.execute(
            move(Batch.state, BatchState.DONE).where(Batch.id == claim.batch_id).values(lease_until=None)
        )
    (opened,) = lock_jobs(connection, [job.job_id])
    if chunk.is_last and _is_empty(connection, job.job_id):
        reason = NOTHING_LEFT if job.source.is_partial else EMPTY
        return Committed(ended=fail_job(connection, job.job_id, reason))
    ended = settle(connection, [opened], {job.job_id: Tally(succeeded=stored, failed=len(bad))})
    handed_over = may_hand_over and not chunk.is_last and _another_waits(connection)
    if handed_over:
        put_last(connection, claim, job.owner_id)
    return Committed(ready, ended, handed_over)


def put_last(connection: Connection, claim: Claim, owner_id: str) -> None:
    """Give a claim back at no cost, at the end of its owner's line, if it is still held."""
    ours = lock_held(connection, [claim])
    turn = next_turn(connection, Lane.IO, owner_id, "intake")
    connection.execute(
        move(Batch.state, BatchState.QUEUED)
        .where(Batch.id.in_(ours))
        .values(lease_until=None, worker=None, queued_at=now(), turn=turn)
    )


def refuse(connection: Connection, claim: Claim, job_id: str, error: RowError) -> Ended:
    """End a job whose file cannot be read, if the claim is still held; rows that are done stay."""
    return fail_job(connection, job_id, error) if lock_held(connection, [claim]) else Ended()


def _charged(
    connection: Connection, store: ObjectStore, job: IntakeJob, chunk: Chunk, quotas: Quotas
) -> list[IntakeRow]:
    """The rows, with an error in place of each that the account has no quota for; the photos of the others are in use.

    Every row costs, also one that cannot be used: it is kept like the others. Only what a row that remains names is
    charged as a photo, and of labelled data none. Raises Unauthenticated for an account that has been deleted.
    """
    left = lock_rows_left(connection, job.owner_id, quotas)
    rows = _within(chunk.rows, left, quotas)
    photos = _named(rows, chunk.photos)
    charged = photos if job.kind == "catalogue" else {}
    new_bytes = new_photo_bytes(connection, job.owner_id, charged) if charged else 0
    try:
        charge(connection, job.owner_id, min(len(rows), left), new_bytes, quotas)
    except QuotaFull:
        charge(connection, job.owner_id, min(len(rows), left), 0, quotas)
        over = _unpaid(connection, job.owner_id, charged, quotas)
        rows = [_refused(row, over[row.product.image]) if row.product.image in over else row for row in rows]
        photos = {sha256: size for sha256, size in photos.items() if sha256 not in over}
    settle_images(connection, store, photos, {name: size for name, size in chunk.photos.items() if name not in photos})
    return rows


def _within(rows: list[IntakeRow], left: int, quotas: Quotas) -> list[IntakeRow]:
    """The rows, with errors in place of those past the `left` ones that the account may still submit today."""
    if len(rows) <= left:
        return rows
    error = RowError("QUOTA_ROWS", f"An account may submit {quotas.rows_per_day} products a day; retry tomorrow.")
    return [*rows[:left], *(_refused(row, error) for row in rows[left:])]


def _named(rows: Sequence[IntakeRow], photos: Mapping[str, int]) -> dict[str, int]:
    """Those of these photos that a row names which can be used."""
    if not photos:
        return {}
    used = {row.product.image for row in rows if row.error is None}
    return {sha256: size for sha256, size in photos.items() if sha256 in used}


def _refused(row: IntakeRow, error: RowError) -> IntakeRow:
    if row.error is not None:
        return row
    product = ProductInput(row.product.product_id, row.product.designation, row.product.description)
    return IntakeRow(row.number, product, row.image_id, row.label, error)


def _unpaid(
    connection: Connection, owner_id: str, photos: Mapping[str, int], quotas: Quotas
) -> dict[str | None, RowError]:
    """Charge photos one by one; why those that an account may not hold are refused."""
    refused: dict[str | None, RowError] = {}
    for sha256, size in photos.items():
        try:
            charge(connection, owner_id, 0, new_photo_bytes(connection, owner_id, {sha256: size}), quotas)
        except QuotaFull as full:
            refused[sha256] = RowError(full.code, full.message)
    return refused


def _enter(connection: Connection, job: IntakeJob, good: Sequence[IntakeRow], bad: Sequence[IntakeRow]) -> set[Lane]:
    """Insert rows: those that a model can have, and those whose photos are to be fetched, in batches of their own."""
    entered_at = moment(connection, now())
    entries = [_row(job, row, None, entered_at) for row in bad]
    at_once = [row for row in good if row.product.image_url is None]
    to_fetch = [row for row in good if row.product.image_url is not None]
    fetches = [(to_fetch[first : first + FETCH_CLAIM], 0) for first in range(0, len(to_fetch), FETCH_CLAIM)]
    for kind, lane, batches in (("predict", Lane.BULK, _by_photos(at_once)), ("fetch", Lane.IO, fetches)):
        for batch_id, (some, _) in zip(_insert_batches(connection, job, kind, lane, batches), batches, strict=True):
            entries += [_row(job, row, batch_id, entered_at) for row in some]
    _ROW.execute(connection, entries)
    return {lane for lane, rows in ((Lane.BULK, at_once), (Lane.IO, to_fetch)) if rows}


def _store_labelled(
    connection: Connection, store: ObjectStore, rows: Sequence[IntakeRow], photos: Mapping[str, int]
) -> list[IntakeRow]:
    """Store the labelled products that need no fetching; returns the rows whose photos are to be fetched.

    Not those among them that a later row of the same product has replaced already.
    """
    complete = [row for row in rows if row.product.image_url is None]
    store_products(connection, store, [_labelled(row, photos) for row in complete])
    stored = {row.product.product_id: row.number for row in complete}
    to_fetch = [row for row in rows if row.product.image_url is not None]
    return [row for row in to_fetch if row.number > stored.get(row.product.product_id, -1)]


def _labelled(row: IntakeRow, photos: Mapping[str, int]) -> tuple[LabelledInput, int | None]:
    product = row.product
    if product.product_id is None or row.label is None:
        raise ValueError("a labelled row without an id or a label")
    labelled = LabelledInput(
        product.product_id, product.designation, product.description, row.image_id, product.image, row.label
    )
    return labelled, None if product.image is None else photos[product.image]


def _by_photos(rows: Sequence[IntakeRow]) -> list[_BatchRows]:
    """Rows for a model in batches that have at most PHOTOS photos each: rows of known products may all have one."""
    with_photo = [index for index, row in enumerate(rows) if row.product.image is not None]
    cuts = [0, *with_photo[PHOTOS::PHOTOS], len(rows)]
    return [
        (rows[first:last], min(PHOTOS, len(with_photo) - PHOTOS * place))
        for place, (first, last) in enumerate(pairwise(cuts))
        if rows
    ]


def _insert_batches(
    connection: Connection, job: IntakeJob, kind: str, lane: Lane, batches: Sequence[_BatchRows]
) -> Sequence[int]:
    """Insert a batch for each of these rows with so many photos, one behind the other in the owner's line."""
    if not batches:
        return []
    turn = next_turn(connection, lane, job.owner_id, kind)
    shared = {"job_id": job.job_id, "owner_id": job.owner_id, "kind": kind, "lane": lane, "queued_at": now()}
    values = [
        {**shared, "rows": len(rows), "photos": photos, "turn": turn + place}
        for place, (rows, photos) in enumerate(batches)
    ]
    return connection.scalars(_BATCH, values).all()


def _row(job: IntakeJob, row: IntakeRow, batch_id: int | None, entered_at: datetime | str) -> tuple[Any, ...]:
    """A row's values in the order of _COLUMNS."""
    product, error = row.product, row.error
    input_hash = product.input_hash if error is None and product.image_url is None else None
    return (
        job.job_id,
        job.owner_id,
        batch_id,
        row.number,
        product.product_id,
        product.designation,
        product.description,
        product.image,
        product.image_url,
        row.image_id,
        row.label,
        input_hash,
        None if input_hash is None else reuse_key(job.owner_id, input_hash),
        None if error is None else json.dumps(error.stored()),
        entered_at,
        None if error is None else entered_at,
    )


def _advance(connection: Connection, claim: Claim, job: IntakeJob, chunk: Chunk, rows: int) -> None:
    """Write down where to go on. A place that was reached has its own tries."""
    connection.execute(
        update(Batch).where(Batch.id == claim.batch_id).values(position=dict(chunk.position), failures=0)
    )
    changed: dict[str, Any] = {"total": Job.total + rows, "read_share": chunk.read_share}
    if chunk.layout != job.source.layout:
        changed["source"] = job.source.model_copy(update={"layout": chunk.layout}).stored()
    if chunk.is_last:
        changed["intake_done"] = True
    connection.execute(update(Job).where(Job.id == job.job_id).values(changed))


def _is_empty(connection: Connection, job_id: str) -> bool:
    return connection.scalar(select(Job.total).where(Job.id == job_id)) == 0


def _another_waits(connection: Connection) -> bool:
    """Whether a file waits to be read."""
    another = (
        select(Batch.id)
        .where(Batch.lane == Lane.IO, Batch.kind == "intake", in_states(Batch.state, BatchState.QUEUED))
        .limit(1)
    )
    return connection.scalar(another) is not None


_BATCH = insert(Batch).returning(Batch.id, sort_by_parameter_order=True)
_COLUMNS = (
    "job_id",
    "owner_id",
    "batch_id",
    "row",
    "product_id",
    "designation",
    "description",
    "image",
    "image_url",
    "image_id",
    "label",
    "input_hash",
    "reuse_key",
    "error",
    "created_at",
    "finished_at",
)
_ROW = ManyRows(insert(Prediction), *_COLUMNS)

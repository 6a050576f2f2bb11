"""Collection: photos that no row names any more go, first the row, then the file.

The danger is a photo that is sent again just then: its sender finds the file in the store, does not write it, and
commits a row that names it after the file is gone. So the file goes inside the transaction that deletes its row of
`images`, and whoever names a photo writes that row (`touch_image`) and then looks for the file once more
(`require_image`), before committing, unless the photo was used lately (`use_image`). The row, on SQLite the one
writer, is the lock that both need: either the sender comes first, and the collector finds the photo in use; or the
collector does, and the sender finds no file. The photos of a file are used twice: once as soon as they are stored, in a
transaction of their own that asks the store (`worker/photo_store.py`), and again in the one that names them, where
others wait for the account: it finds them used lately, or released meanwhile, and only then asks once more.
A collector that is killed after deleting files and before its commit leaves rows that nothing names, for the next.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, exists, select, update

from shared.database import Database, upsert
from shared.identifiers import now
from shared.images import image_key, use_image
from shared.store import ObjectStore, StoredObject
from shared.tables import Image, Prediction, Product

AT_ONCE = 50  # files that go in one transaction: on SQLite nobody else writes meanwhile
ROUNDS = 20
LOOKED_AT = 5_000
FOLDERS = 256
RELEASED = datetime(1970, 1, 1, tzinfo=UTC)  # last used, as far as anybody may know

_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNNAMED = ~exists().where(Prediction.image == Image.sha256) & ~exists().where(Product.image == Image.sha256)


def settle_images(
    connection: Connection, store: ObjectStore, named: Mapping[str, int], refused: Mapping[str, int]
) -> None:
    """Settle what becomes of photos that have just been stored (sizes by SHA-256).

    Rows are about to name some, which keeps them; the others are released, unless a row names them already. They
    may be the same. Raises Unavailable when one that is to be named has been collected meanwhile.
    """
    for sha256 in sorted({*named, *refused}):  # in one order for all who do so at once
        if sha256 in named:
            use_image(connection, store, sha256, named[sha256])
        else:
            new = {"sha256": sha256, "size": refused[sha256], "last_used_at": RELEASED}
            connection.execute(upsert(connection, Image).values(new).on_conflict_do_nothing())
    release_images(connection, refused.keys() - named.keys())


def release_images(connection: Connection, hashes: Iterable[str]) -> None:
    """Let those of these photos that no row names any more be collected at once (`collect_released`).

    It waits for nobody, so that no order of locks is asked of those who name photos: a photo that somebody is
    naming just now is in use, and if nothing comes of that, it goes with the old ones.
    """
    wanted = sorted(set(hashes))
    for first in range(0, len(wanted), LOOKED_AT):
        these = Image.sha256.in_(wanted[first : first + LOOKED_AT])
        locked = connection.scalars(select(Image.sha256).where(these).with_for_update(skip_locked=True)).all()
        unnamed = Image.sha256.in_(locked) & _UNNAMED
        connection.execute(update(Image).where(unnamed).values(last_used_at=RELEASED))


def collect_released(database: Database, store: ObjectStore) -> int:
    """Remove released photos, a thousand at most; returns how many went."""
    removed = 0
    for _ in range(ROUNDS):
        with database.read() as connection:
            released = connection.scalars(
                select(Image.sha256).where(Image.last_used_at <= RELEASED).limit(AT_ONCE)
            ).all()
        if not released:
            break
        removed += _remove(database, store, released, RELEASED + timedelta(seconds=1))
    return removed


def collect_images(database: Database, store: ObjectStore, older_than: timedelta, after: str = "") -> str:
    """Remove photos that no row names and that were last used longer ago than `older_than`.

    One call looks at LOOKED_AT photos behind the hash `after`, and returns the hash behind which the next one is to
    look, which is empty again at the end.
    """
    oldest = now() - older_than
    unused = _UNNAMED & (Image.last_used_at < oldest)
    with database.read() as connection:
        seen = connection.execute(
            select(Image.sha256, unused).where(Image.sha256 > after).order_by(Image.sha256).limit(LOOKED_AT)
        ).all()
    candidates = [sha256 for sha256, is_unused in seen if is_unused]
    for first in range(0, len(candidates), AT_ONCE):
        _remove(database, store, candidates[first : first + AT_ONCE], oldest)
    return seen[-1][0] if len(seen) == LOOKED_AT else ""


def named_photos(connection: Connection, hashes: Iterable[str]) -> set[str]:
    """Those of these photos that some row names: their files must be there."""
    return set(connection.scalars(select(Image.sha256).where(Image.sha256.in_(list(hashes)), ~_UNNAMED)))


def adopt_strays(database: Database, store: ObjectStore, older_than: timedelta, folder: int) -> int:
    """Enter photos that have a file and no row, as if used now, so that collection finds them; returns how many.

    A request that stored its photo and was then refused, or killed, leaves such a file. One call looks into one of
    the FOLDERS folders of photos.
    """
    oldest, entered = now() - older_than, 0
    photos = [photo for photo in store.objects(f"images/{folder:02x}") if photo.modified_at < oldest]
    for first in range(0, len(photos), AT_ONCE):
        entered += _enter_unknown(database, photos[first : first + AT_ONCE])
    return entered


def _remove(database: Database, store: ObjectStore, candidates: Sequence[str], used_before: datetime) -> int:
    with database.begin() as connection:
        # Who names one of these just now holds its lock (a foreign key locks, too). What is locked here gets no new
        # row before the end; that it has none must be asked in a statement of its own, which sees all until now.
        locked = connection.scalars(
            select(Image.sha256)
            .where(Image.sha256.in_(candidates), Image.last_used_at < used_before)
            .order_by(Image.sha256)
            .with_for_update(skip_locked=True)
        ).all()
        unnamed = connection.scalars(select(Image.sha256).where(Image.sha256.in_(locked), _UNNAMED)).all()
        in_use = set(locked) - set(unnamed)
        connection.execute(update(Image).where(Image.sha256.in_(in_use)).values(last_used_at=now()))
        connection.execute(delete(Image).where(Image.sha256.in_(unnamed)))
        store.delete(map(image_key, unnamed))
    return len(unnamed)


def _enter_unknown(database: Database, photos: Sequence[StoredObject]) -> int:
    named = ((photo.key.rpartition("/")[2], photo.size) for photo in photos)
    sizes = {name: size for name, size in named if _SHA256.fullmatch(name)}  # what else lies there is not ours
    with database.read() as connection:
        known = set(connection.scalars(select(Image.sha256).where(Image.sha256.in_(sizes))))
    strays = [{"sha256": sha256, "size": size} for sha256, size in sizes.items() if sha256 not in known]
    if strays:
        with database.begin() as connection:
            connection.execute(upsert(connection, Image).on_conflict_do_nothing(), strays)
    return len(strays)

"""Photos: in the object store under their SHA-256, with a row that says when they were last used."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import IO

from sqlalchemy import Connection, case, select, update

from shared.database import upsert
from shared.errors import Unavailable
from shared.identifiers import now
from shared.store import CHUNK, ObjectStore
from shared.tables import Image

LATELY = timedelta(hours=12)  # well below the day after which unused photos are collected

_JUST_REMOVED = "The photo was just being removed from the store; send it again."


def image_key(sha256: str) -> str:
    """Where a photo lies in the object store."""
    return f"images/{sha256[:2]}/{sha256}"


def keep_image(store: ObjectStore, photo: IO[bytes]) -> tuple[str, int]:
    """Store a photo durably unless it is there already; returns its SHA-256 and its size in bytes.

    What is there counts only if its size is right: a put that was killed may have left something else.
    """
    digest = hashlib.sha256()
    photo.seek(0)
    while chunk := photo.read(CHUNK):
        digest.update(chunk)
    sha256, size = digest.hexdigest(), photo.tell()
    key = image_key(sha256)
    if store.size(key) != size:
        photo.seek(0)
        store.put(key, photo)
    try:
        store.sync([key])  # also when it was there: its first writer may not have come to this line yet
    except FileNotFoundError:
        raise Unavailable(_JUST_REMOVED) from None
    return sha256, size


def touch_image(connection: Connection, sha256: str, size: int) -> None:
    """Record that a row is about to name this photo, which keeps it from being collected."""
    statement = upsert(connection, Image).values(sha256=sha256, size=size)
    connection.execute(statement.on_conflict_do_update(index_elements=[Image.sha256], set_={"last_used_at": now()}))


def require_image(store: ObjectStore, sha256: str, size: int) -> None:
    """Raise Unavailable unless a photo is still stored; call it after `touch_image`, in the same transaction.

    What was in the store for `keep_image` may have been collected since (`shared/image_collection.py`).
    """
    if store.size(image_key(sha256)) != size:
        raise Unavailable(_JUST_REMOVED)


def use_image(connection: Connection, store: ObjectStore, sha256: str, size: int) -> None:
    """`touch_image` and `require_image`, without asking the store where the database knows.

    A photo that was used lately is no candidate for collection, and whoever used it has found it in the store.
    """
    moment = now()
    lately = update(Image).where(Image.sha256 == sha256, Image.last_used_at > moment - LATELY)
    if connection.execute(lately.values(last_used_at=moment)).rowcount == 0:
        touch_image(connection, sha256, size)
        require_image(store, sha256, size)


def lately_used(connection: Connection, sha256: str) -> bool:
    """Whether a row has used a photo so lately that it is in the store and will not be collected soon."""
    used = select(Image.sha256).where(Image.sha256 == sha256, Image.last_used_at > now() - LATELY)
    return connection.execute(used).first() is not None


def use_images(connection: Connection, store: ObjectStore, photos: Mapping[str, int]) -> None:
    """`use_image` for many (sizes by SHA-256), in a few statements. Locks are taken in the order of the hashes."""
    moment = now()
    not_lately = moment - timedelta(microseconds=1)  # the mark of those that the store is to be asked about
    added = upsert(connection, Image)
    was_lately = Image.last_used_at > moment - LATELY
    used = added.on_conflict_do_update(
        index_elements=[Image.sha256], set_={"last_used_at": case((was_lately, moment), else_=not_lately)}
    ).returning(Image.sha256, Image.last_used_at)
    rows = [{"sha256": sha256, "size": photos[sha256], "last_used_at": not_lately} for sha256 in sorted(photos)]
    found = connection.execute(used, rows) if rows else ()
    asked = [sha256 for sha256, used_at in found if used_at == not_lately]
    if store.sizes([image_key(sha256) for sha256 in asked]) != [photos[sha256] for sha256 in asked]:
        raise Unavailable(_JUST_REMOVED)


def photos_in(connection: Connection, first: str) -> dict[str, int]:
    """The sizes in bytes of the photos whose hashes begin so, by their hashes."""
    begins = (Image.sha256 >= first) & (Image.sha256 < f"{first}g")  # behind the last digit
    return {sha256: size for sha256, size in connection.execute(select(Image.sha256, Image.size).where(begins))}


def sizes_of(connection: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """The sizes in bytes of those of these photos that have a row."""
    found = connection.execute(select(Image.sha256, Image.size).where(Image.sha256.in_(list(hashes))))
    return {sha256: size for sha256, size in found}

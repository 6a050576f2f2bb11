"""Photos fetched before: what an account got from a URL, so that a photo which has not changed is not sent again.

What one account got is nothing to another: the same URL may answer each differently, and nobody is to learn who else
names it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, tuple_

from shared.database import upsert
from shared.identifiers import now
from shared.tables import FetchedPhoto, Image

AT_ONCE = 1_000  # entries that are forgotten in one transaction
AnyonesUrl: TypeAlias = tuple[str, str]  # an account's id, and a URL


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo that an account got from a URL under an ETag, and that the database still knows."""

    sha256: str
    size: int
    etag: str


def known_photos(connection: Connection, urls: Iterable[AnyonesUrl]) -> dict[AnyonesUrl, KnownPhoto]:
    """What these accounts got from these URLs the last time, as far as that is known."""
    asked = {(owner_id, _hash(url)): (owner_id, url) for owner_id, url in urls}
    if not asked:
        return {}
    found = connection.execute(_KNOWN, {"urls_": list(asked)})
    return {asked[row.owner_id, row.url_hash]: KnownPhoto(row.image, row.size, row.etag) for row in found}


def remember_photos(connection: Connection, got: Iterable[tuple[AnyonesUrl, str, str]]) -> None:
    """Remember what accounts got from URLs: each with the photo's SHA-256 and its ETag."""
    entries = {(owner_id, _hash(url)): (sha256, etag) for (owner_id, url), sha256, etag in got}
    if not entries:
        return
    moment = now()
    new = upsert(connection, FetchedPhoto)
    changed = {column.key: column for column in new.excluded if not column.primary_key}
    kept = new.on_conflict_do_update(index_elements=[FetchedPhoto.owner_id, FetchedPhoto.url_hash], set_=changed)
    rows = [
        {"owner_id": owner_id, "url_hash": url_hash, "image": sha256, "etag": etag, "used_at": moment}
        for (owner_id, url_hash), (sha256, etag) in sorted(entries.items())  # in one order for all who do so at once
    ]
    connection.execute(kept, rows)


def forget_unused_photos(connection: Connection, used_before: datetime) -> int:
    """Forget some of what has not been used since; returns how many entries went."""
    return _forget(connection, FetchedPhoto.used_at < used_before)


def forget_photos_of(connection: Connection, owner_id: str) -> int:
    """Forget some of what an account got; returns how many entries went."""
    return _forget(connection, FetchedPhoto.owner_id == owner_id)


def _forget(connection: Connection, which: ColumnElement[bool]) -> int:
    some = select(FetchedPhoto.owner_id, FetchedPhoto.url_hash).where(which).limit(AT_ONCE)
    return connection.execute(delete(FetchedPhoto).where(_ENTRY.in_(some))).rowcount


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


_ENTRY = tuple_(FetchedPhoto.owner_id, FetchedPhoto.url_hash)
_KNOWN = (
    select(FetchedPhoto.owner_id, FetchedPhoto.url_hash, FetchedPhoto.image, Image.size, FetchedPhoto.etag)
    .join(Image, Image.sha256 == FetchedPhoto.image)
    .where(_ENTRY.in_(bindparam("urls_", expanding=True)))
)

"""Photos: in the object store under their SHA-256, with a row that says when they were last used."""

import hashlib
from typing import BinaryIO

from sqlalchemy import Connection

from shared.database import upsert
from shared.identifiers import now
from shared.store import CHUNK, ObjectStore
from shared.tables import Image


def image_key(sha256: str) -> str:
    """Where a photo lies in the object store."""
    return f"images/{sha256[:2]}/{sha256}"


def keep_image(store: ObjectStore, photo: BinaryIO) -> tuple[str, int]:
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
    store.sync([key])  # also when it was there: its first writer may not have come to this line yet
    return sha256, size


def touch_image(connection: Connection, sha256: str, size: int) -> None:
    """Record that a row is about to name this photo, which keeps it from being collected."""
    statement = upsert(connection, Image).values(sha256=sha256, size=size)
    connection.execute(statement.on_conflict_do_update(index_elements=[Image.sha256], set_={"last_used_at": now()}))

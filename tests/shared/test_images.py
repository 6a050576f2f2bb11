import hashlib
import io
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from shared.database import Database
from shared.identifiers import now
from shared.images import image_key, keep_image, touch_image
from shared.store import ObjectStore
from shared.tables import Image

PHOTO = b"a photo's bytes" * 100
SHA256 = hashlib.sha256(PHOTO).hexdigest()


def objects(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "data" / "store").rglob("*") if path.is_file()]


def test_a_photo_is_kept_under_its_hash(store: ObjectStore) -> None:
    assert keep_image(store, io.BytesIO(PHOTO)) == (SHA256, len(PHOTO))
    assert store.get(f"images/{SHA256[:2]}/{SHA256}") == PHOTO


def test_the_whole_photo_is_kept_wherever_its_reader_stands(store: ObjectStore) -> None:
    photo = io.BytesIO(PHOTO)
    photo.seek(100)

    assert keep_image(store, photo) == (SHA256, len(PHOTO))
    assert store.get(image_key(SHA256)) == PHOTO


def test_the_same_photo_twice_is_one_object_written_once(store: ObjectStore, tmp_path: Path) -> None:
    keep_image(store, io.BytesIO(PHOTO))
    (first,) = objects(tmp_path)
    written = first.stat()

    keep_image(store, io.BytesIO(PHOTO))

    assert objects(tmp_path) == [first]
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_what_a_killed_put_left_behind_is_written_again(store: ObjectStore) -> None:
    store.put(image_key(SHA256), PHOTO[:10])

    keep_image(store, io.BytesIO(PHOTO))

    assert store.get(image_key(SHA256)) == PHOTO


def test_touching_a_photo_enters_it_once_and_says_when_it_was_last_used(database: Database) -> None:
    with database.begin() as connection:
        touch_image(connection, SHA256, 7)
        connection.execute(update(Image).values(last_used_at=now() - timedelta(days=3)))

    with database.begin() as connection:
        touch_image(connection, SHA256, 7)

    with database.read() as connection:
        (image,) = connection.execute(select(Image.sha256, Image.size, Image.last_used_at)).all()
    assert (image.sha256, image.size) == (SHA256, 7)
    assert now() - image.last_used_at < timedelta(minutes=1)

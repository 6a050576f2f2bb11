"""A photo is its bytes, wherever they are."""

import hashlib
import io
from pathlib import Path

import pytest

from shared.images import image_key, keep_image
from shared.store import ObjectStore
from tests.support.catalogues import photo_of
from training.photos import Photo, PhotoBytes, PhotoFile, StoredPhoto

CONTENT = photo_of(1)


@pytest.fixture(params=["bytes", "file", "stored"])
def photo(request: pytest.FixtureRequest, tmp_path: Path, store: ObjectStore) -> Photo:
    if request.param == "bytes":
        return PhotoBytes(CONTENT)
    if request.param == "file":
        (tmp_path / "photo.jpg").write_bytes(CONTENT)
        return PhotoFile(tmp_path / "photo.jpg")
    return StoredPhoto(store, keep_image(store, io.BytesIO(CONTENT))[0])


def test_a_photo_has_the_bytes_and_their_hash(photo: Photo) -> None:
    assert photo.read() == CONTENT
    assert photo.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_files_hash_is_computed_once(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(CONTENT)
    photo = PhotoFile(path)
    before = photo.sha256

    path.write_bytes(photo_of(2))

    assert photo.sha256 == before
    assert PhotoFile(path).sha256 != before


def test_a_photo_that_has_gone_says_so(tmp_path: Path, store: ObjectStore) -> None:
    stored = StoredPhoto(store, keep_image(store, io.BytesIO(CONTENT))[0])
    store.delete([image_key(stored.sha256)])

    for photo in (PhotoFile(tmp_path / "none.jpg"), stored):
        with pytest.raises(FileNotFoundError):
            photo.read()
    with pytest.raises(FileNotFoundError):
        _ = PhotoFile(tmp_path / "none.jpg").sha256


def test_photos_in_one_place_are_equal(tmp_path: Path) -> None:
    assert PhotoFile(tmp_path / "a.jpg") == PhotoFile(tmp_path / "a.jpg") != PhotoFile(tmp_path / "b.jpg")
    assert len({PhotoBytes(b"a"), PhotoBytes(b"a"), PhotoBytes(b"b")}) == 2

"""Photos that come with a catalogue are in the store and in use before the rows that name them are entered."""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.disk import DiskGuard
from shared.errors import StorageFull, Unavailable
from shared.images import image_key
from shared.ledger.intake import IntakeRow
from shared.ledger.submission import ProductInput
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Image
from tests.support.intake import Enter, accept_file, chunk, take_file
from tests.support.photos import encoded, plain
from worker.photo_store import IN_MEMORY, MOST_WAITING, Keeping, KeptPhoto, PhotoKeeper


class AskedStore(ObjectStore):
    """Counts how often it is asked for sizes, and what it is to write; it writes nothing while it is out of order."""

    asked = 0
    puts = 0
    is_out_of_order = False

    def size(self, key: str) -> int | None:
        self.asked += 1
        return super().size(key)

    def put(self, key: str, source: IO[bytes] | Iterator[bytes] | bytes | Path) -> None:
        self.puts += 1
        if self.is_out_of_order:
            raise Unavailable("The store is out of order.")
        super().put(key, source)


class BookedDisk(DiskGuard):
    """Notes what is booked."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, 0)
        self.booked: list[int] = []

    def book(self, size: int) -> None:
        self.booked.append(size)
        super().book(size)


@pytest.fixture
def store(tmp_path: Path) -> AskedStore:
    return AskedStore((tmp_path / "data" / "store").as_uri())


@pytest.fixture
def keeper(database: Database, store: AskedStore, tmp_path: Path) -> Iterator[PhotoKeeper]:
    settings = load_settings(data_dir=tmp_path / "data", disk_reserve_bytes=0)
    with closing(PhotoKeeper(settings, database, store)) as keeper:
        yield keeper


def photo(number: int = 0) -> bytes:
    """A photo like no other."""
    return encoded(plain(size=(40 + number, 30)), "PNG")


def large_photo() -> bytes:
    """One that is not held in memory."""
    return photo() + bytes(IN_MEMORY)


def keep(keeper: PhotoKeeper, *photos: bytes) -> list[KeptPhoto]:
    with keeper.keeping(whole=False) as keeping:
        kept = [keeping.file(BytesIO(each)) for each in photos]
    assert all(isinstance(each, KeptPhoto) for each in kept)
    return [each for each in kept if isinstance(each, KeptPhoto)]


def test_kept_photos_are_in_the_store_and_in_use(database: Database, store: AskedStore, keeper: PhotoKeeper) -> None:
    kept = keep(keeper, photo(1), large_photo(), photo(1))

    assert [store.size(image_key(each.sha256)) for each in kept] == [each.size for each in kept]
    with database.read() as connection:
        entered = {sha256: size for sha256, size in connection.execute(select(Image.sha256, Image.size))}
    assert entered == {each.sha256: each.size for each in kept}
    assert store.puts == 2


def test_the_store_is_not_asked_while_the_rows_that_name_them_are_entered(
    database: Database, store: AskedStore, keeper: PhotoKeeper, owner: str
) -> None:
    kept = keep(keeper, *[photo(number) for number in range(3)])
    accept_file(database, owner)
    named = [IntakeRow(number, ProductInput(image=each.sha256)) for number, each in enumerate(kept)]
    before = store.asked

    Enter(database, store)(take_file(database), chunk(named, photos={each.sha256: each.size for each in kept}))

    assert store.asked == before


def test_what_is_known_is_not_written_again(store: AskedStore, keeper: PhotoKeeper) -> None:
    first = keep(keeper, photo())
    puts = store.puts

    assert keep(keeper, photo()) == first

    assert store.puts == puts


def test_a_store_that_fails_is_noticed_at_one_of_the_next_photos(store: AskedStore, keeper: PhotoKeeper) -> None:
    store.is_out_of_order = True

    with pytest.raises(Unavailable):
        keep(keeper, *[photo(number) for number in range(3 * MOST_WAITING)])

    assert store.puts <= MOST_WAITING


def test_photos_of_any_size_are_booked_before_they_are_written(
    database: Database, store: AskedStore, keeper: PhotoKeeper, tmp_path: Path
) -> None:
    disk = BookedDisk(tmp_path)
    keeping = Keeping(database, store, disk, keeper._writers, 2 * IN_MEMORY, whole=False)

    keeping.file(BytesIO(photo()))
    keeping.file(BytesIO(large_photo()))
    keeping.finish()

    assert disk.booked == [len(photo()), len(large_photo())]


def test_nothing_is_kept_on_a_full_disk(database: Database, store: AskedStore, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data", disk_reserve_bytes=2**62)
    keeper = PhotoKeeper(settings, database, store)

    with closing(keeper), pytest.raises(StorageFull):
        keep(keeper)

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from shared.database import Database
from shared.errors import Unavailable
from shared.identifiers import now
from shared.image_collection import (
    AT_ONCE,
    FOLDERS,
    LOOKED_AT,
    adopt_strays,
    collect_images,
    collect_released,
    release_images,
)
from shared.images import image_key, keep_image, touch_image, use_image
from shared.ledger.accept import accept_products
from shared.ledger.submission import Accepted, ProductInput, Submission
from shared.store import ObjectStore
from shared.tables import Image, Prediction, Product
from shared.usage import Quotas
from tests.support.ledger import WEEK, accept_product

DAY = timedelta(days=1)
PHOTO = b"a photo"
SHA256 = hashlib.sha256(PHOTO).hexdigest()


def keep(database: Database, store: ObjectStore, photo: bytes = PHOTO) -> str:
    """Store a photo with its row, and name it nowhere."""
    sha256, size = keep_image(store, io.BytesIO(photo))
    with database.begin() as connection:
        touch_image(connection, sha256, size)
    return sha256


def submit(database: Database, store: ObjectStore, owner: str, photo: bytes = PHOTO) -> None:
    """All that accepting a photo takes."""
    sha256, size = keep_image(store, io.BytesIO(photo))
    with database.begin() as connection:
        use_image(connection, store, sha256, size)
        accept_product(connection, owner, ProductInput(image=sha256), WEEK)


def grow_old(database: Database, days: int = 2) -> None:
    with database.begin() as connection:
        connection.execute(update(Image).values(last_used_at=now() - timedelta(days=days)))


def known(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(Image.sha256)))


def test_an_old_photo_that_no_row_names_goes(database: Database, store: ObjectStore) -> None:
    keep(database, store)
    grow_old(database)

    assert collect_images(database, store, DAY) == ""

    assert known(database) == []
    assert store.size(image_key(SHA256)) is None


def test_one_that_was_used_lately_stays(database: Database, store: ObjectStore) -> None:
    keep(database, store)

    collect_images(database, store, DAY)

    assert known(database) == [SHA256]
    assert store.get(image_key(SHA256)) == PHOTO


def test_one_that_a_prediction_names_stays(database: Database, store: ObjectStore, owner: str) -> None:
    submit(database, store, owner)
    grow_old(database)

    collect_images(database, store, DAY)

    assert store.get(image_key(SHA256)) == PHOTO


def test_one_that_a_labelled_product_names_stays(database: Database, store: ObjectStore) -> None:
    keep(database, store)
    with database.begin() as connection:
        connection.execute(insert(Product).values(product_id="p", prdtypecode=10, image=SHA256))
    grow_old(database)

    collect_images(database, store, DAY)

    assert store.get(image_key(SHA256)) == PHOTO


def test_more_than_one_transaction_takes_go_in_one_call(database: Database, store: ObjectStore) -> None:
    for each in range(AT_ONCE + 1):
        keep(database, store, b"photo %d" % each)
    grow_old(database)

    collect_images(database, store, DAY)

    assert known(database) == []


def test_it_looks_at_so_many_and_goes_on_behind_them(database: Database, store: ObjectStore) -> None:
    first, last = f"{0:064x}", "f" * 64
    rows = [{"sha256": f"{each:064x}", "size": 1} for each in range(LOOKED_AT)]
    with database.begin() as connection:
        connection.execute(insert(Image), [*rows, {"sha256": last, "size": 1}])
        connection.execute(
            update(Image).where(Image.sha256.in_([first, last])).values(last_used_at=now() - timedelta(days=2))
        )

    after = collect_images(database, store, DAY)
    assert first not in known(database)
    assert last in known(database)

    assert collect_images(database, store, DAY, after) == ""
    assert last not in known(database)


def test_a_photo_that_is_not_stored_any_more_loses_its_row(database: Database, store: ObjectStore) -> None:
    keep(database, store)
    store.delete([image_key(SHA256)])
    grow_old(database)

    collect_images(database, store, DAY)

    assert known(database) == []


def test_a_released_photo_goes_at_once_unless_it_is_named(database: Database, store: ObjectStore, owner: str) -> None:
    free = keep(database, store, b"another photo")
    submit(database, store, owner)

    with database.begin() as connection:
        release_images(connection, [free, SHA256])
    assert collect_released(database, store) == 1

    assert known(database) == [SHA256]
    assert store.size(image_key(free)) is None
    assert store.get(image_key(SHA256)) == PHOTO


def test_a_released_photo_that_is_sent_again_stays(database: Database, store: ObjectStore, owner: str) -> None:
    keep(database, store)
    with database.begin() as connection:
        release_images(connection, [SHA256])
    submit(database, store, owner)

    assert collect_released(database, store) == 0

    assert store.get(image_key(SHA256)) == PHOTO


def test_who_names_a_photo_that_was_collected_meanwhile_is_told(database: Database, store: ObjectStore) -> None:
    keep(database, store)
    grow_old(database)
    _, size = keep_image(store, io.BytesIO(PHOTO))  # finds it there
    collect_images(database, store, DAY)

    with pytest.raises(Unavailable), database.begin() as connection:
        use_image(connection, store, SHA256, size)

    assert known(database) == []


def test_the_store_is_not_asked_for_a_photo_that_was_used_lately(database: Database, store: ObjectStore) -> None:
    keep(database, store)
    store.delete([image_key(SHA256)])  # which no collection would do

    with database.begin() as connection:
        use_image(connection, store, SHA256, len(PHOTO))
    grow_old(database, days=1)
    with pytest.raises(Unavailable), database.begin() as connection:
        use_image(connection, store, SHA256, len(PHOTO))


@pytest.mark.parametrize("code", ["IDEMPOTENCY_KEY_REUSED", "QUOTA_STORED_BYTES", "QUOTA_ROWS"])
def test_the_photo_of_a_refused_product_goes_at_once(
    database: Database, store: ObjectStore, owner: str, code: str
) -> None:
    first, second = b"the first photo", b"the next photo"
    quotas = {"QUOTA_STORED_BYTES": Quotas(10, len(first)), "QUOTA_ROWS": Quotas(1, 1_000)}.get(code, Quotas(10, 1_000))
    key = "order-17" if code == "IDEMPOTENCY_KEY_REUSED" else None
    kept = send(database, store, owner, first, quotas, key)
    refused = send(database, store, owner, second, quotas, key)

    assert isinstance(kept, Accepted)
    assert getattr(refused, "code", None) == code
    assert collect_released(database, store) == 1

    hashes = [hashlib.sha256(photo).hexdigest() for photo in (first, second)]
    assert known(database) == hashes[:1]
    assert [store.size(image_key(sha256)) for sha256 in hashes] == [len(first), None]


def test_the_photo_of_a_refused_product_stays_while_a_row_names_it(
    database: Database, store: ObjectStore, owner: str
) -> None:
    quotas = Quotas(1, 1_000)
    send(database, store, owner, PHOTO, quotas)
    assert not isinstance(send(database, store, owner, PHOTO, quotas), Accepted)

    assert collect_released(database, store) == 0

    assert store.get(image_key(SHA256)) == PHOTO


def send(
    database: Database, store: ObjectStore, owner: str, photo: bytes, quotas: Quotas, key: str | None = None
) -> object:
    """What a product with this photo comes to."""
    sha256, size = keep_image(store, io.BytesIO(photo))
    submission = Submission(owner, ProductInput(image=sha256), WEEK, key, photo_bytes=size)
    with database.begin() as connection:
        (came_to,) = accept_products(connection, store, [submission], quotas)
    return came_to


def test_no_row_ever_names_a_photo_that_is_gone(database: Database, store: ObjectStore, owner: str) -> None:
    start, done = threading.Barrier(3), threading.Event()

    def send_again_and_again() -> None:
        start.wait()
        for _ in range(60):
            try:
                submit(database, store, owner)
            except Unavailable:
                continue
            with database.read() as connection:
                named = connection.scalars(select(Prediction.image)).first()
            assert named is None or named == SHA256
            with database.begin() as connection:
                if connection.scalars(select(Prediction.id)).first() is not None:
                    assert store.size(image_key(SHA256)) == len(PHOTO)
                connection.execute(delete(Prediction))
                release_images(connection, [SHA256])

    def collect_again_and_again() -> None:
        start.wait()
        while not done.is_set():
            collect_released(database, store)

    with ThreadPoolExecutor(3) as hands:
        collecting = hands.submit(collect_again_and_again)
        sending = [hands.submit(send_again_and_again) for _ in range(2)]
        try:
            for sender in sending:
                sender.result()
        finally:
            done.set()
        collecting.result()


def test_what_refused_requests_left_in_the_store_is_entered_and_goes_in_time(
    database: Database, store: ObjectStore
) -> None:
    keep_image(store, io.BytesIO(PHOTO))
    folder = int(SHA256[:2], 16)

    assert adopt_strays(database, store, DAY, folder) == 0, "somebody may be about to name it"
    assert adopt_strays(database, store, timedelta(0), (folder + 1) % FOLDERS) == 0
    assert adopt_strays(database, store, timedelta(0), folder) == 1

    assert known(database) == [SHA256]
    collect_images(database, store, DAY)
    assert store.get(image_key(SHA256)) == PHOTO
    grow_old(database)
    collect_images(database, store, DAY)
    assert store.size(image_key(SHA256)) is None


def test_photos_that_have_a_row_are_not_touched_by_that(database: Database, store: ObjectStore) -> None:
    keep(database, store)
    grow_old(database, days=9)

    assert adopt_strays(database, store, timedelta(0), int(SHA256[:2], 16)) == 0

    with database.read() as connection:
        assert now() - connection.scalars(select(Image.last_used_at)).one() > timedelta(days=8)

"""The loop that reads catalogues, with real files in a real store, on a real database."""

import gzip
import json
import threading
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from shared.catalogues.source import Format, Source, source_key
from shared.database import Database
from shared.errors import Unavailable
from shared.images import image_key
from shared.ledger.cancel import cancel
from shared.ledger.catalogues import rerun_job
from shared.ledger.failure import fail
from shared.ledger.submission import ProductInput
from shared.ringer import Ringer
from shared.settings import Settings, load_settings
from shared.store import ObjectStore
from shared.tables import Batch, Image, Job, Prediction, Product
from shared.usage import usage_of
from tests.conftest import add_owner
from tests.support.intake import QUOTAS, accepted, counts, submission
from tests.support.ledger import WEEK, accept
from tests.support.photos import jpeg
from tests.support.waiting import wait_for
from worker import chunks
from worker.intake_loop import IntakeLoop, _Stopping
from worker.stall import StallGuard

HEADER = "productid,imageid,designation,description\n"


class NoBell(Ringer):
    """Notes which lanes are rung."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.then: Callable[[], object] = lambda: None

    def ring(self, lane: Any, hint: str | None = None, times: int = 1) -> None:
        self.rung.append(lane)
        self.then()


class Intakes:
    """Sends files as an account does, and reads them as an io worker does."""

    def __init__(self, database: Database, store: ObjectStore, settings: Settings, owner: str) -> None:
        self.database = database
        self.store = store
        self.settings = settings
        self.owner = owner
        self.bell = NoBell()
        self._uploads = 0

    def send(self, content: bytes, form: Format = Format.CSV, kind: str = "catalogue", **source: Any) -> str:
        """A job for a file."""
        self._uploads += 1
        key = source_key(f"upload-{self.owner}-{self._uploads}")
        self.store.put(key, content)
        self.store.sync([key])
        sent = Source(key=key, size=len(content), sha256="ab" * 32, format=form, **source)
        return accepted(self.database, submission(self.owner, kind, sent)).job_id

    @contextmanager
    def loop(self, worker: str = "io-a", turn_seconds: float = 0.0) -> Iterator[IntakeLoop]:
        guard, stopping = StallGuard(60), threading.Event()
        loop = IntakeLoop(worker, self.database, self.store, self.bell, self.settings, guard, stopping, turn_seconds)
        try:
            yield loop
        finally:
            loop.close()

    def read(self) -> None:
        """Read all files that wait."""
        with self.loop() as loop:
            loop.work()

    def rows(self, job_id: str) -> list[tuple[Any, ...]]:
        """Each row's number, title, photo, and error's code."""
        with self.database.read() as connection:
            found = connection.execute(
                select(Prediction.row, Prediction.designation, Prediction.image, Prediction.error)
                .where(Prediction.job_id == job_id)
                .order_by(Prediction.row)
            )
            return [(row, title, image, error and error["code"]) for row, title, image, error in found]


@pytest.fixture
def intakes(database: Database, store: ObjectStore, owner: str, tmp_path: Path) -> Intakes:
    settings = load_settings(data_dir=tmp_path / "data", disk_reserve_bytes=0)
    return Intakes(database, store, settings, owner)


def csv_of(*titles: str) -> bytes:
    lines = [f"{number},,{title},\n" for number, title in enumerate(titles)]
    return (HEADER + "".join(lines)).encode()


def zip_of(table: str, photos: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("products.csv", table)
        for name, photo in photos.items():
            archive.writestr(f"images/{name}", photo)
    return content.getvalue()


def test_every_row_of_a_file_waits_for_a_model(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one", "two", "three"))

    intakes.read()

    assert intakes.rows(job_id) == [(0, "one", None, None), (1, "two", None, None), (2, "three", None, None)]
    assert intakes.bell.rung == ["bulk"]
    with intakes.database.read() as connection:
        job = connection.execute(select(Job).where(Job.id == job_id)).one()
    assert (job.status, job.intake_done, job.total, job.read_share) == ("running", True, 3, 1.0)
    assert job.source["layout"]["delimiter"] == ","


def test_a_long_file_comes_in_several_batches(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of(*[f"title {number}" for number in range(chunks.ROWS + 1)]))

    intakes.read()

    with intakes.database.read() as connection:
        found = connection.execute(select(Batch.kind, Batch.rows, Batch.state).order_by(Batch.id)).all()
    assert [tuple(batch) for batch in found] == [
        ("intake", 0, "done"),
        ("predict", chunks.ROWS, "queued"),
        ("predict", 1, "queued"),
    ]
    assert counts(intakes.database, job_id).total == chunks.ROWS + 1


def test_bad_rows_are_errors_among_good_ones(intakes: Intakes) -> None:
    job_id = intakes.send(
        HEADER.encode() + "1,,théâtre d'été à côté,\n2,,café\n".encode() + b"3,,\xff\xfe,\n4,,,\n5,,five,\n"
    )

    intakes.read()

    assert [(number, error) for number, _, _, error in intakes.rows(job_id) if error] == [
        (1, "MALFORMED_ROW"),
        (2, "INVALID_TEXT"),
        # The fourth is an id alone, of no stored product.
        (3, "UNKNOWN_PRODUCT"),
    ]
    assert counts(intakes.database, job_id)[:4] == ("running", 5, 0, 3)


def test_photos_in_an_archive_are_stored_and_named(intakes: Intakes) -> None:
    table = HEADER + "100,7,one,\n101,8,two,\n"
    photo = jpeg()
    job_id = intakes.send(zip_of(table, {"image_7_product_100.jpg": photo}), Format.ZIP)

    intakes.read()

    (_, _, image, _), (_, _, none, _) = intakes.rows(job_id)
    assert none is None
    assert intakes.store.get(image_key(image)) == photo
    with intakes.database.read() as connection:
        assert connection.execute(select(Image.sha256, Image.size)).all() == [(image, len(photo))]


def test_what_is_no_photo_is_an_error_of_its_row(intakes: Intakes) -> None:
    table = HEADER + "100,7,one,\n101,8,two,\n"
    photos = {"image_7_product_100.jpg": b"no photo", "image_8_product_101.jpg": jpeg()}
    job_id = intakes.send(zip_of(table, photos), Format.ZIP)

    intakes.read()

    assert [error for *_, error in intakes.rows(job_id)] == ["BROKEN_IMAGE", None]


def test_a_photo_past_its_limit_is_an_error_of_its_row(intakes: Intakes) -> None:
    intakes.settings = intakes.settings.model_copy(update={"max_image_bytes": 2_000})
    table = HEADER + "100,7,one,\n101,8,two,\n"
    photos = {"image_7_product_100.jpg": jpeg() + bytes(5_000), "image_8_product_101.jpg": jpeg()}
    job_id = intakes.send(zip_of(table, photos), Format.ZIP)

    intakes.read()

    assert [error for *_, error in intakes.rows(job_id)] == ["IMAGE_TOO_LARGE", None]


def test_a_photo_that_a_column_names_and_the_archive_lacks_is_an_error(intakes: Intakes) -> None:
    table = "title,image\none,images/1.jpg\ntwo,images/2.jpg\n"
    job_id = intakes.send(zip_of(table, {"1.jpg": jpeg()}), Format.ZIP)

    intakes.read()

    assert [error for *_, error in intakes.rows(job_id)] == [None, "IMAGE_NOT_FOUND"]


def test_a_photo_in_the_row_itself_is_stored(intakes: Intakes) -> None:
    photo = jpeg()
    lines = [{"title": "one", "image": b64encode(photo).decode()}, {"title": "two", "image": "%%%"}]
    job_id = intakes.send("\n".join(map(json.dumps, lines)).encode(), Format.NDJSON)

    intakes.read()

    (_, _, image, none), (*_, error) = intakes.rows(job_id)
    assert (none, error) == (None, "INVALID_BASE64")
    assert intakes.store.get(image_key(image)) == photo


def test_a_photo_that_was_sent_before_can_be_named_by_its_hash(intakes: Intakes) -> None:
    table = HEADER + "100,7,one,\n"
    intakes.send(zip_of(table, {"image_7_product_100.jpg": jpeg()}), Format.ZIP)
    intakes.read()
    with intakes.database.read() as connection:
        sha256 = connection.scalars(select(Image.sha256)).one()
    content = f"title,image\none,{sha256}\ntwo,{'0' * 64}\n".encode()
    mine = intakes.send(content)
    others = Intakes(intakes.database, intakes.store, intakes.settings, add_owner(intakes.database, "another"))
    theirs = others.send(content)

    intakes.read()

    assert [error for *_, error in intakes.rows(mine)] == [None, "IMAGE_UNKNOWN"]
    assert [error for *_, error in intakes.rows(theirs)] == ["IMAGE_UNKNOWN", "IMAGE_UNKNOWN"]


def test_an_id_alone_stands_for_a_stored_product(intakes: Intakes) -> None:
    labelled = intakes.send(b"productid,designation,prdtypecode\n7,a stored chair,2582\n", kind="ingest")
    intakes.read()
    job_id = intakes.send(b"productid,designation\n7,\n8,\n")

    intakes.read()

    assert counts(intakes.database, labelled)[:3] == ("succeeded", 1, 1)
    assert intakes.rows(job_id) == [(0, "a stored chair", None, None), (1, None, None, "UNKNOWN_PRODUCT")]


def test_labelled_rows_need_a_category_that_somebody_has_declared(intakes: Intakes) -> None:
    job_id = intakes.send(b"productid,designation,prdtypecode\n7,chair,2582\n8,table,7\n9,lamp,\n", kind="ingest")

    intakes.read()

    assert [(number, error) for number, _, _, error in intakes.rows(job_id)] == [
        (1, "UNKNOWN_CATEGORY"),
        (2, "MISSING_FIELD"),
    ]
    with intakes.database.read() as connection:
        assert connection.scalars(select(Product.product_id)).all() == ["7"]


def test_a_labelled_row_whose_photo_is_not_in_the_archive_and_that_has_no_text_is_empty(intakes: Intakes) -> None:
    table = "productid,imageid,designation,prdtypecode\n100,7,,2582\n101,8,,2582\n"
    job_id = intakes.send(zip_of(table, {"image_7_product_100.jpg": jpeg()}), Format.ZIP, "ingest")

    intakes.read()

    assert [(number, error) for number, _, _, error in intakes.rows(job_id)] == [(1, "EMPTY_PRODUCT")]
    with intakes.database.read() as connection:
        assert connection.scalars(select(Product.product_id)).all() == ["100"]


@pytest.mark.parametrize(
    ("content", "form", "code"),
    [
        (b"", Format.CSV, "EMPTY_CATALOGUE"),
        (HEADER.encode(), Format.CSV, "EMPTY_CATALOGUE"),
        (b"a,b\n1,2\n", Format.CSV, "NO_KNOWN_COLUMN"),
        (b"PK\x03\x04 is no archive", Format.ZIP, "BROKEN_ARCHIVE"),
        (b"PAR1 is no table", Format.PARQUET, None),
        (b"PK\x03\x04 is no workbook", Format.XLSX, None),
    ],
)
def test_a_file_that_is_no_catalogue_fails_its_job_with_a_reason(
    intakes: Intakes, content: bytes, form: Format, code: str | None
) -> None:
    job_id = intakes.send(content, form)

    intakes.read()

    job = counts(intakes.database, job_id)
    assert job.status == "failed"
    assert job.error["message"]
    assert code in (None, job.error["code"])


def test_a_file_that_breaks_off_keeps_the_rows_before(intakes: Intakes) -> None:
    whole = gzip.compress(csv_of(*[f"title {number}" for number in range(200_000)]))
    job_id = intakes.send(whole[: len(whole) // 2])

    intakes.read()

    job = counts(intakes.database, job_id)
    assert (job.status, job.error["code"]) == ("failed", "BROKEN_GZIP")
    assert 0 < job.total < 200_000


def test_reading_goes_on_exactly_where_somebody_was_killed(intakes: Intakes) -> None:
    titles = [f"title {number}" for number in range(3 * chunks.ROWS)]
    job_id = intakes.send(csv_of(*titles))
    with intakes.loop("io-killed") as loop:
        held = loop._claim()
        assert held is not None
        reading = loop._opened(held)
        loop._commit(held, reading.job, next(reading.chunks))
        next(reading.chunks)  # read, and never entered
        reading.close()
    with intakes.database.begin() as connection:
        fail(connection, [held])

    intakes.read()

    assert [title for _, title, *_ in intakes.rows(job_id)] == titles


def test_a_job_that_is_canceled_is_not_read_any_further(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one"))
    with intakes.loop() as loop:
        held = loop._claim()
        assert held is not None
        with intakes.database.begin() as connection:
            cancel(connection, [job_id])
        loop._work_on(held)

    assert intakes.rows(job_id) == []


def test_files_of_two_owners_take_turns(intakes: Intakes) -> None:
    long = intakes.send(csv_of(*[f"title {number}" for number in range(20 * chunks.ROWS)]))
    others = Intakes(intakes.database, intakes.store, intakes.settings, add_owner(intakes.database, "another"))
    short = others.send(csv_of("one", "two"))

    intakes.read()

    with intakes.database.read() as connection:
        order = connection.scalars(select(Batch.job_id).where(Batch.kind == "predict").order_by(Batch.id)).all()
    assert order.index(short) < len(order) - 1
    assert order.count(long) == 20
    assert len(intakes.rows(long)) == 20 * chunks.ROWS


def test_a_loop_told_to_stop_gives_its_file_back_behind_what_it_has_entered(intakes: Intakes) -> None:
    titles = [f"title {number}" for number in range(2 * chunks.ROWS)]
    job_id = intakes.send(csv_of(*titles))
    with intakes.loop() as loop:
        intakes.bell.then = loop.stop  # once the first chunk is there
        loop.work()

    assert len(intakes.rows(job_id)) == chunks.ROWS
    with intakes.database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.failures).where(Batch.kind == "intake")).one()
    assert tuple(batch) == ("queued", 0)
    intakes.read()
    assert [title for _, title, *_ in intakes.rows(job_id)] == titles


def test_a_file_gives_way_only_after_its_turn(intakes: Intakes) -> None:
    long = intakes.send(csv_of(*[f"title {number}" for number in range(3 * chunks.ROWS)]))
    others = Intakes(intakes.database, intakes.store, intakes.settings, add_owner(intakes.database, "another"))
    others.send(csv_of("one", "two"))

    with intakes.loop(turn_seconds=3600) as loop:
        loop.work()

    with intakes.database.read() as connection:
        order = connection.scalars(select(Batch.job_id).where(Batch.kind == "predict").order_by(Batch.id)).all()
    assert order[:3] == [long] * 3


def test_a_loop_told_to_stop_in_the_middle_of_photos_gives_its_file_back(intakes: Intakes) -> None:
    table = HEADER + "".join(f"{number},{number},title,\n" for number in range(3))
    photos = {f"image_{number}_product_{number}.jpg": jpeg() for number in range(3)}
    job_id = intakes.send(zip_of(table, photos), Format.ZIP)
    with intakes.loop() as loop:
        held = loop._claim()
        assert held is not None
        reading = loop._opened(held)
        loop.stop()
        with pytest.raises(_Stopping):
            next(reading.chunks)
        reading.close()
        loop._work_on(held)

    assert intakes.rows(job_id) == []
    with intakes.database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.failures).where(Batch.kind == "intake")).one()
    assert tuple(batch) == ("queued", 0)


def test_photos_in_rows_are_held_a_few_at_a_time(intakes: Intakes) -> None:
    photo = b64encode(jpeg() + bytes(chunks.HELD_BYTES // 4)).decode()
    intakes.settings = intakes.settings.model_copy(update={"max_json_bytes": 2 * chunks.HELD_BYTES})
    lines = "\n".join(json.dumps({"title": f"{number}", "image": photo}) for number in range(6))
    intakes.send(lines.encode(), Format.NDJSON)

    intakes.read()

    with intakes.database.read() as connection:
        assert connection.scalars(select(Batch.rows).where(Batch.kind == "predict").order_by(Batch.id)).all() == [4, 2]


def test_the_photo_of_a_stored_product_is_in_use_and_charged(intakes: Intakes) -> None:
    table = "productid,imageid,designation,prdtypecode\n100,7,,2582\n"
    intakes.send(zip_of(table, {"image_7_product_100.jpg": jpeg()}), Format.ZIP, "ingest")
    intakes.read()
    with intakes.database.begin() as connection:
        before = usage_of(connection, intakes.owner).stored_bytes
        connection.execute(update(Image).values(last_used_at=datetime(2020, 1, 1, tzinfo=UTC)))
    content = b"productid,designation\n100,\n"
    intakes.send(content)

    intakes.read()

    with intakes.database.read() as connection:
        assert usage_of(connection, intakes.owner).stored_bytes == before + len(content) + len(jpeg())
        assert connection.scalars(select(Image.last_used_at)).one() > datetime(2026, 1, 1, tzinfo=UTC)


def test_a_store_that_is_away_costs_the_job_nothing(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one"))

    class Away(ObjectStore):
        def open(self, key: str) -> Any:
            raise Unavailable("The object store does not answer.")

    away = Away((intakes.settings.data_dir / "store").as_uri())
    loop = IntakeLoop("io-a", intakes.database, away, intakes.bell, intakes.settings, StallGuard(60), threading.Event())
    thread = threading.Thread(target=loop.work)
    thread.start()
    wait_for(lambda: attempts(intakes.database) > 1, 20, "two tries")
    loop.stop()
    thread.join(20)
    loop.close()

    intakes.read()

    assert counts(intakes.database, job_id)[:4] == ("running", 1, 0, 0)


def attempts(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalars(select(Batch.attempt).where(Batch.kind == "intake")).one())


def end(database: Database, job_id: str) -> None:
    with database.begin() as connection:
        cancel(connection, [job_id])


def run_again(intakes: Intakes, job_id: str, *, failed_only: bool) -> str:
    with intakes.database.begin() as connection:
        return rerun_job(connection, intakes.store, job_id, intakes.owner, WEEK, QUOTAS, failed_only=failed_only).job_id


def test_trying_again_reads_the_failed_rows_alone_under_their_old_numbers(intakes: Intakes) -> None:
    titles = [f"title {number}" for number in range(2 * chunks.ROWS)]
    job_id = intakes.send(csv_of(*titles))
    intakes.read()
    failed = [3, chunks.ROWS, 2 * chunks.ROWS - 1]
    with intakes.database.begin() as connection:
        rows = (Prediction.job_id == job_id) & Prediction.row.in_(failed)
        connection.execute(update(Prediction).where(rows).values(error={"code": "X", "message": "failed"}))
        connection.execute(update(Job).values(failed=len(failed)))
    end(intakes.database, job_id)

    again = run_again(intakes, job_id, failed_only=True)
    intakes.read()

    assert [(number, title) for number, title, *_ in intakes.rows(again)] == [(n, titles[n]) for n in failed]
    assert counts(intakes.database, again).total == len(failed)


def test_a_rerun_reads_every_row_again(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one", "two"))
    intakes.read()
    end(intakes.database, job_id)

    again = run_again(intakes, job_id, failed_only=False)
    intakes.read()

    assert [title for _, title, *_ in intakes.rows(again)] == ["one", "two"]
    assert counts(intakes.database, again).changes == 0


def test_single_products_are_in_nobodys_way(intakes: Intakes) -> None:
    accept(intakes.database, intakes.owner, ProductInput(image_url="https://shop.example/1"))
    job_id = intakes.send(csv_of("one"))

    intakes.read()

    assert len(intakes.rows(job_id)) == 1
    with intakes.database.read() as connection:
        assert connection.scalars(select(Batch.state).where(Batch.kind == "fetch")).all() == ["queued"]

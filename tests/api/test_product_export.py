"""The catalogue as one ZIP in the layout of Rakuten's challenge: GET /api/products/export."""

import base64
import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from api.product_export import PAGE, exported
from migrations.upgrade import upgrade
from shared.database import Database
from shared.images import image_key, keep_image, touch_image
from shared.store import ObjectStore
from shared.tables import Product
from shared.users import Role
from tests.api.conftest import RunningApi, serve, settings_for
from tests.conftest import RedisServer
from tests.support.photos import GOOD, encoded, plain
from training.datasets import open_dataset

PHOTO_FOLDER = "images/image_train/"


@pytest.fixture
def own_api(shared_redis: RedisServer, tmp_path: Path) -> Iterator[RunningApi]:
    """A service whose catalogue is this test's alone."""
    settings = settings_for(tmp_path, shared_redis.broker_url)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


def export_of(api: RunningApi) -> zipfile.ZipFile:
    answer = api.somebody(Role.ADMIN).get("/api/products/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="products.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def test_every_product_is_in_it_with_its_label_and_its_photo(own_api: RunningApi) -> None:
    admin = own_api.somebody(Role.ADMIN)
    texts = {"designation": '=2+2, "dites"\r\nvoilà', "description": "'@ligne\n"}
    photos = {"3804725264": GOOD["jpeg"], "a/b\\..": GOOD["rgba"], "no photo": None}
    for number, (product_id, photo) in enumerate(photos.items()):
        fields = {"product_id": product_id, "prdtypecode": 40 + 10 * number, "image_id": f"{7 + number}", **texts}
        if photo is not None:
            fields["image"] = base64.b64encode(photo).decode()
        admin.post("/api/data-ingest", json=fields).raise_for_status()

    archive = export_of(own_api)

    products, labels = table(archive, "X_train_update.csv"), table(archive, "Y_train_CVw08PX.csv")
    assert [product[""] for product in products] == [label[""] for label in labels] == ["0", "1", "2"]
    assert [label["prdtypecode"] for label in labels] == ["40", "50", "60"]
    assert [product["productid"] for product in products] == list(photos)
    assert [product["imageid"] for product in products] == ["7", "8", "9"]
    assert [(product["designation"], product["description"]) for product in products] == [tuple(texts.values())] * 3
    assert products[0]["image"] == "image_7_product_3804725264.jpg"
    assert products[2]["image"] == ""
    inside = {name for name in archive.namelist() if name.startswith(PHOTO_FOLDER)}
    assert inside == {PHOTO_FOLDER + product["image"] for product in products[:2]}
    assert [archive.read(PHOTO_FOLDER + product["image"]) for product in products[:2]] == [*photos.values()][:2]
    assert {row["code"]: row["name"] for row in table(archive, "taxonomy.csv")}["2583"] == "Piscines et accessoires"


def test_an_empty_catalogue_is_an_archive_with_headers_alone(own_api: RunningApi) -> None:
    archive = export_of(own_api)

    assert table(archive, "X_train_update.csv") == table(archive, "Y_train_CVw08PX.csv") == []
    assert archive.read("X_train_update.csv") == b",designation,description,productid,imageid,image\r\n"


def test_a_photo_that_has_gone_is_left_out(own_api: RunningApi) -> None:
    admin = own_api.somebody(Role.ADMIN)
    product = {"product_id": "1", "prdtypecode": 40}
    sha256 = admin.post("/api/data-ingest", data=product, files={"image": GOOD["jpeg"]}).json()["photo"][-64:]
    ObjectStore(own_api.settings.store).delete([image_key(sha256)])

    archive = export_of(own_api)

    assert len(table(archive, "X_train_update.csv")) == 1
    assert not [name for name in archive.namelist() if name.startswith(PHOTO_FOLDER)]


def test_memory_does_not_grow_with_the_photos(sqlite_url: str, tmp_path: Path) -> None:
    count, photo = PAGE + 100, encoded(plain(size=(700, 500)), "BMP")  # 1 MB each
    store = ObjectStore((tmp_path / "store").as_uri())
    sha256, size = keep_image(store, io.BytesIO(photo))
    with closing(Database(sqlite_url)) as database:
        with database.begin() as connection:
            touch_image(connection, sha256, size)
            rows = [{"product_id": f"{n}", "prdtypecode": 10, "image": sha256} for n in range(count)]
            connection.execute(insert(Product), rows)
        tracemalloc.start()
        sent = sum(map(len, exported(database, store)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert sent > count * size
    assert peak < 30 * 2**20


def test_training_reads_back_what_was_exported(own_api: RunningApi, tmp_path: Path) -> None:
    admin = own_api.somebody(Role.ADMIN)
    admin.put("/api/taxonomy/9001", json={"name": "Vélos"}).raise_for_status()
    sent = {
        "3804725264": ("=Piscine", "ligne une\nligne deux", 2583, "1263597046", GOOD["jpeg"]),
        "a/b\\..": ("Vélo de ville", "", 9001, "12", GOOD["rgba"]),
        "sans-photo": ('Salon, de "jardin"', "en bois", 2582, "", None),
        "sans image_id": ("", "Table", 1560, "", GOOD["webp"]),
    }
    for product_id, (designation, description, code, image_id, photo) in sent.items():
        texts = {"designation": designation, "description": description, "image_id": image_id}
        image = None if photo is None else base64.b64encode(photo).decode()
        product = {"product_id": product_id, "prdtypecode": code, "image": image, **texts}
        admin.post("/api/data-ingest", json=product).raise_for_status()
    export_of(own_api).extractall(tmp_path / "unpacked")

    read = open_dataset(tmp_path / "unpacked", taxonomy=tmp_path / "unpacked" / "taxonomy.csv")

    assert {
        product.product_id: (
            product.designation or "",
            product.description or "",
            product.code,
            None if product.photo is None else product.photo.read(),
        )
        for product in read.products
    } == {product_id: (*product[:3], product[4]) for product_id, product in sent.items()}
    assert {category.code: category.name for category in read.taxonomy}[9001] == "Vélos"

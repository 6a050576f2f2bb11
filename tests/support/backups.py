"""A data folder with rows and files, for tests that save it and bring it back."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import insert

from shared.database import Database
from shared.identifiers import now
from shared.images import image_key, touch_image
from shared.settings import Settings, load_settings
from shared.store import ObjectStore
from shared.tables import RefreshToken
from tests.conftest import add_owner
from tests.support.ledger import TITLE, WEEK, accept, finish_all, take

PHOTOS = {f"{number:02x}" * 32: bytes([number]) * (1000 + number) for number in range(3)}
CATALOGUE = ("catalogues/0197a1b2-0000-7000-8000-000000000001.csv", b"title\r\nChaise longue\r\n")
BUNDLE = (f"bundles/{'v' * 100}/tokenizer.json", b"{}")
OBJECTS = {image_key(sha256): photo for sha256, photo in PHOTOS.items()} | dict([CATALOGUE, BUNDLE])


def settings_of(data_dir: Path, **settings: object) -> Settings:
    return load_settings(**{"data_dir": data_dir, "disk_reserve_bytes": 0, **settings})


def fill(data_dir: Path, migrated: Path) -> Settings:
    """Two jobs with a row each, of which one has been predicted, a session, and an object of every kind."""
    data_dir.mkdir(mode=0o700)
    (data_dir / "shelfwise.db").write_bytes(migrated.read_bytes())
    settings = settings_of(data_dir)
    with closing(Database(settings.database)) as database:
        owner = add_owner(database, "owner")
        accept(database, owner, TITLE)
        finish_all(database, take(database))
        accept(database, owner, TITLE)
        with database.begin() as connection:
            session = {"user_id": owner, "family": "one", "token_hash": "ab" * 32, "expires_at": now() + WEEK}
            connection.execute(insert(RefreshToken).values(session))
            for sha256, photo in PHOTOS.items():
                touch_image(connection, sha256, len(photo))
    store = ObjectStore(settings.store)
    for key, content in OBJECTS.items():
        store.put(key, content)
    return settings


def objects_in(folder: Path) -> dict[str, bytes]:
    """What lies in a store's folder, under its keys."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

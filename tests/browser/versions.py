"""Published bundles beside the first one: the same models under other versions, some of them damaged."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from shared.bundle import MANIFEST, TEXT_MODEL, Bundle
from shared.database import Database
from shared.releases import bundle_key, publish
from shared.settings import load_settings
from shared.store import ObjectStore
from tests.support.bundles import changed_bundle


class Versions:
    """Publishes bundles for a service of this data folder, as its operator and bad luck would."""

    def __init__(self, data_dir: Path, first: Bundle, folder: Path) -> None:
        self.first = first.manifest
        self._settings = load_settings(data_dir=data_dir)
        self._bundle, self._folder = first, folder

    def publish(self, version: str, **changes: object) -> None:
        """Publish the first bundle's models as this version; `changes` are of its manifest."""
        copy = self._folder / version
        shutil.copytree(self._bundle.folder, copy, copy_function=os.link)
        self._publish(copy, self._bundle, version, **changes)

    def publish_unloadable(self, version: str) -> None:
        """Publish one whose files are what its manifest says, and whose text model no worker can load."""

        def spoil(path: Path) -> None:
            path.write_bytes(b"no model")

        copy = self._folder / version
        self._publish(copy, changed_bundle(self._bundle, copy, TEXT_MODEL, spoil), version)

    def damage(self, version: str) -> None:
        """Change a file of a published bundle in the store."""
        ObjectStore(self._settings.store).put(bundle_key(version, TEXT_MODEL), b"damaged")

    def write(self, change: Callable[[Database], None]) -> None:
        """Change the service's database directly."""
        with closing(Database(self._settings.database)) as database:
            change(database)

    def _publish(self, folder: Path, bundle: Bundle, version: str, **changes: object) -> None:
        manifest = bundle.manifest.model_copy(update={"version": version, **changes})
        (folder / MANIFEST).unlink()
        (folder / MANIFEST).write_text(manifest.model_dump_json())
        store = ObjectStore(self._settings.store)
        self.write(lambda database: publish(database, store, Bundle.open(folder), activated=False))

"""Names of categories, from the manifest of the bundle version that predicted them."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from shared.bundles import manifest_of
from shared.errors import NotFound
from shared.taxonomy import RAKUTEN, Category

VERSIONS_KEPT = 16


class CategoryNames:
    """The names of the versions asked for last. A version never changes, so none is ever read again while kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Mapping[int, str]] = OrderedDict()
        self._lock = threading.Lock()

    def kept(self, version: str) -> Mapping[int, str] | None:
        """The same if it need not be read, else None."""
        with self._lock:
            if version not in self._known:
                return None
            self._known.move_to_end(version)
            return self._known[version]

    def of(self, connection: Connection, version: str) -> Mapping[int, str]:
        """Code to name in this version; the built-in taxonomy's for a version whose manifest is not kept here."""
        if (kept := self.kept(version)) is not None:
            return kept
        try:
            names = _by_code(manifest_of(connection, version).classes)
        except NotFound:  # it may be published yet, so this is not remembered
            return _by_code(RAKUTEN)
        with self._lock:
            self._known[version] = names
            while len(self._known) > VERSIONS_KEPT:
                self._known.popitem(last=False)
        return names


def _by_code(categories: Iterable[Category]) -> Mapping[int, str]:
    return {category.code: category.name for category in categories}

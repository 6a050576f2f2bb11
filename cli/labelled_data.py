"""The labelled data that `train` and `evaluate` are pointed at: files, or what the service itself holds."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shared.database import Database
from shared.errors import InvalidInput
from shared.store import ObjectStore

if TYPE_CHECKING:
    from training.datasets import Dataset


@dataclass(frozen=True, slots=True)
class LabelledData:
    """Where labelled products are: at `path` with their photos in `images`, or in the service (up to `until`)."""

    path: Path | None = None
    images: Path | None = None
    taxonomy: Path | None = None
    from_service: bool = False
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Raise InvalidInput unless exactly one source is named, with options that belong to it."""
        if (self.path is None) != self.from_service:
            raise InvalidInput("Name the data by either --data or --from-service.", where="data")
        if self.from_service and (self.images or self.taxonomy):
            raise InvalidInput("--images and --taxonomy belong to --data.", where="data")
        if self.until is not None and not self.from_service:
            raise InvalidInput("--until belongs to --from-service.", where="until")

    def read(self, database: Database, store: ObjectStore) -> "Dataset":
        """Read it, and say how far it is. Raises InvalidInput when it is not of a form that can be read."""
        from training.datasets import from_service, open_dataset
        from training.progress import console_progress

        with closing(console_progress()) as progress:
            if self.path is None:
                return from_service(database, store, self.until, progress)
            return open_dataset(self.path, self.images, self.taxonomy, progress)


def require_training_extra() -> None:
    """Raise InvalidInput when what training needs beside the service is not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("mlflow", "sklearn", "matplotlib") if find_spec(name) is None]
    if missing:
        raise InvalidInput("Training needs more packages than the service: make install-training", where="packages")

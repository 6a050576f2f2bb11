"""Finds the photo of a row in the folders where data sets keep their photos."""

import os
from collections.abc import Iterable
from pathlib import Path

from shared.errors import InvalidInput
from training.datasets.rows import whole_number
from training.datasets.tables import TableRow
from training.photos import PhotoFile


class PhotoFolder:
    """The photos of one data set, by Rakuten's file names or by paths that rows give."""

    def __init__(self, data: Path, images: Path | None) -> None:
        """Look in `images`, or if not given beside the data. Raises InvalidInput when `images` is no folder."""
        if images is not None and not images.is_dir():
            raise InvalidInput(f"There is no folder of photos at {images}.", where="images")
        if images is not None:
            places = [images, images / "image_train", images / "images" / "image_train"]
        else:
            places = [data / "images" / "image_train", data / "image_train", data / "images", data]
        self._places = [place for place in places if place.is_dir()]
        self._named, self._names = _with_rakuten_names(self._places)

    def of(self, row: TableRow) -> PhotoFile | None:
        """The photo of a row: by the path it gives or, if it gives none, by Rakuten's name for its ids."""
        if row["image"]:
            return self.by_path(row["image"])
        return self.by_ids(whole_number(row["image_id"]), whole_number(row["product_id"]))

    def by_ids(self, image_id: str, product_id: str) -> PhotoFile | None:
        """The photo that Rakuten's layout names after these ids, if it is there."""
        name = f"image_{image_id}_product_{product_id}.jpg"
        return PhotoFile(self._named / name) if self._named is not None and name in self._names else None

    def by_path(self, name: str) -> PhotoFile | None:
        """The photo at this path below the images, if it is there; a path that leads out of them is no photo's."""
        relative = Path(name.replace("\\", "/"))
        if relative.is_absolute() or ".." in relative.parts:
            return None
        try:
            found = (place / relative for place in self._places if (place / relative).is_file())
            path = next(found, None)
        except (OSError, ValueError):  # a name that no file can have
            return None
        return None if path is None else PhotoFile(path)


def _with_rakuten_names(places: Iterable[Path]) -> tuple[Path | None, frozenset[str]]:
    """The first folder with such photos, and their names: one listing instead of 85,000 questions."""
    for place in places:
        with os.scandir(place) as entries:
            names = frozenset(entry.name for entry in entries if entry.name.startswith("image_"))
        if any("_product_" in name for name in names):
            return place, names
    return None, frozenset()
